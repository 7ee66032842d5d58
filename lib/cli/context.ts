/** What a verb has of its caller; tests hand in their own. */
export interface CliContext {
  stdout(this: void, text: string): void
  stderr(this: void, text: string): void
  readonly env: Readonly<Record<string, string | undefined>>
}
