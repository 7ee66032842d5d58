/** Something that takes a program, or long, to find out; asked beside the looks. */
export interface Question<Answer> {
  ask(): void
  /** What is waited for, whatever comes of it; undefined: nothing. */
  asking(): Promise<void> | undefined
  /** What arrived since it was called last; undefined: nothing. Throws what was thrown instead of an answer. */
  answer(): Answer | undefined
}

/**
 * One question at a time; each answer is given once. Asked while one is open, it is put once more: that answer may be of
 * a moment before what gave reason to ask.
 */
export function question<Answer>(put: () => Promise<Answer>): Question<Answer> {
  let pending: Promise<void> | undefined
  let arrived: Answer | undefined
  let failed: { readonly error: unknown } | undefined
  let again = false
  const ask = (): void => {
    again = pending !== undefined
    // Nobody may be waiting: an error is thrown where the answer is asked for, not from here.
    pending ??= put()
      .then(
        (answer) => (arrived = answer),
        (error: unknown) => (failed ??= { error }),
      )
      .then(() => {
        pending = undefined
        if (again) ask()
        return pending
      })
  }
  return {
    ask,
    asking: () => pending,
    answer(): Answer | undefined {
      if (failed !== undefined) throw failed.error
      const answer = arrived
      arrived = undefined
      return answer
    },
  }
}
