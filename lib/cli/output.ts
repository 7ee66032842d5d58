import type { CliContext } from './context.js'

/** Given a document, print it as the one thing on standard output. */
export function printDocument(context: CliContext, document: object): void {
  context.stdout(`${JSON.stringify(document, undefined, 2)}\n`)
}

/**
 * Given what is being done ("looking for images below /Users") and the work, return what the work gives; while it takes
 * longer than two seconds, standard error says so, again every half minute.
 */
export async function withProgress<Result>(context: CliContext, what: string, work: Promise<Result>): Promise<Result> {
  const began = performance.now()
  const tell = (): void => {
    context.stderr(`lbackup-filevault: ${what} (${String(Math.round((performance.now() - began) / 1000))} s) …\n`)
  }
  let again: NodeJS.Timeout | undefined
  const first = setTimeout(() => {
    tell()
    again = setInterval(tell, 30_000)
  }, 2000)
  try {
    return await work
  } finally {
    clearTimeout(first)
    clearInterval(again)
  }
}
