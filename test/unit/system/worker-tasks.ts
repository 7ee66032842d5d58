import { OperationalError } from '../../../lib/finding/operational-error.js'

/** What the tests of the worker call in a thread of its own. */
export const tasks = {
  double: ({ value }: { value: number }): { value: number } => ({ value: value * 2 }),
  later: async (value: string): Promise<string> => {
    await Promise.resolve()
    return `${value} later`
  },
  refuse: (): never => {
    throw new OperationalError('disk-error', 'The disk is broken.', 'Buy another.')
  },
  fail: (): never => {
    throw new TypeError('a bug')
  },
  spin: (): never => {
    for (;;);
  },
  fill: (): number => {
    const kept: string[][] = []
    for (;;) kept.push(Array.from({ length: 10_000 }, (_, index) => `some text ${String(index)}`))
  },
  unpostable: (): unknown => () => 1,
  leave: (): void => {
    process.exit(3)
  },
}
