/** What the thread is to do. */
export interface FuzzOrder {
  readonly target: string
  readonly seed: string
  readonly seconds: number
  /** Executions that are demanded. */
  readonly least: number
  /** Only the input of this number. */
  readonly only?: number
  /** An empty folder. */
  readonly scratch: string
  /** One Int32: the number of the input that is being parsed, plus 1; 0: none is. */
  readonly progress: SharedArrayBuffer
}

export type FuzzResult =
  | { readonly state: 'done'; readonly executions: number; readonly refused: number; readonly seconds: number }
  | { readonly state: 'failed'; readonly number: number; readonly why: string; readonly input: Uint8Array }
  | { readonly state: 'missing'; readonly why: string }
