/** What a verb has of its caller; tests hand in their own. */
export interface CliContext {
  stdout(this: void, text: string): void
  stderr(this: void, text: string): void
  /** Characters in a line of the terminal that standard output is; undefined where it is none. */
  readonly columns?: number | undefined
  /** Standard error is a terminal: a line there may be written over. */
  readonly live?: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}
