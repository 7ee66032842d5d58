import { OperationalError } from '../finding/operational-error.js'
import type { KnownCopy } from '../generated/slots.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'

const code = 'copy-changed'

/** Given a copy, or a member of one, and why it is not what was checked, return the error that says so. */
export const copyChanged = (path: RawPath, why: string): OperationalError =>
  new OperationalError(
    code,
    `${printable(path)} ${why}.`,
    'Find out who writes into the backup disk; another copy is used until then.',
  )

/** Tell whether an error, or what caused it, says that a copy is not what was checked. */
export function isCopyChanged(error: unknown): error is OperationalError {
  if (!(error instanceof OperationalError)) return false
  return error.code === code || isCopyChanged(error.cause)
}

/** Given a copy that is not what was checked, return what is known of it now: nobody vouches for it any more. */
export const withDoubt = (known: KnownCopy, now: Date): KnownCopy => {
  const at = now.toISOString()
  return { ...known, opened: known.opened ?? { noticedAt: at, since: at, member: 'a member or its manifest' } }
}
