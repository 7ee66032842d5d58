/** What a worker is started with: plain data only. */
export interface WorkerOrder {
  /** URL of the module that exports `tasks`. */
  readonly module: string
  readonly task: string
  readonly data: unknown
}

/** The one message a worker sends. */
export type WorkerAnswer =
  | { readonly result: unknown }
  | { readonly operational: { readonly code: string; readonly message: string; readonly cure: string } }
  | { readonly bug: { readonly message: string; readonly stack?: string } }
