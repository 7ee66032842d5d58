/** Something that takes a program, or long, to find out; asked beside the looks. */
export interface Question<Answer> {
  ask(): void
  /** What is waited for; undefined: nothing. */
  asking(): Promise<void> | undefined
  /** What arrived since it was called last; undefined: nothing. */
  answer(): Answer | undefined
}

/**
 * One question at a time; each answer is given once. Asked while one is open, it is put once more: that answer may be of
 * a moment before what gave reason to ask.
 */
export function question<Answer>(put: () => Promise<Answer>): Question<Answer> {
  let pending: Promise<void> | undefined
  let arrived: Answer | undefined
  let again = false
  const ask = (): void => {
    again = pending !== undefined
    pending ??= put().then((answer) => {
      arrived = answer
      pending = undefined
      if (again) ask()
      return pending
    })
  }
  return {
    ask,
    asking: () => pending,
    answer(): Answer | undefined {
      const answer = arrived
      arrived = undefined
      return answer
    },
  }
}
