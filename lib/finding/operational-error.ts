/**
 * What went wrong in the administrator's world, in his words: printed without a stack. Anything else that is thrown is
 * a bug of ours.
 */
export class OperationalError extends Error {
  /** A kebab-case noun, stable across releases. */
  readonly code: string
  /** One sentence: what to do. */
  readonly cure: string

  /** `message`: what happened, to which file, why. `cure`: what to do. */
  constructor(code: string, message: string, cure: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'OperationalError'
    this.code = code
    this.cure = cure
  }
}
