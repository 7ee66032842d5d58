/** What stands in an argument of `tellUser.command` for something that is known only in a run. */
export const placeholders = ['user', 'image', 'until'] as const

type Values = Readonly<Record<(typeof placeholders)[number], string>>

/** Given an argument and values, return it with its placeholders filled in, once: braces in a value mean nothing. */
export const fillIn = (argument: string, values: Values): string =>
  argument.replaceAll(/\{(user|image|until)\}/gu, (_, name: keyof Values) => values[name])

/** Given an argument, return the first that looks like a placeholder and is none, if any. */
export const unknownPlaceholder = (argument: string): string | undefined =>
  argument.match(/\{[a-z]+\}/giu)?.find((one) => !placeholders.some((name) => one === `{${name}}`))
