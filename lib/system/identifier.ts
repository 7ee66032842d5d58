import { randomBytes } from 'node:crypto'

/** Given the time, return a new name for a run: sortable, `[0-9a-z-]`. */
export const identifier = (now: Date): string =>
  `${now
    .toISOString()
    .replaceAll(/[-:]|\.\d+/g, '')
    .toLowerCase()}-${randomBytes(4).toString('hex')}`
