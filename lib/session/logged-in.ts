import type { Usage } from '../mount/usage.js'
import { list } from '../text/measure.js'
import type { FileVaultAccount, Session } from './session.js'

/**
 * Given an image's usage, the FileVault account it belongs to (undefined: none) and who is logged in, return the usage
 * with the login of the account's user in it. His login attaches the image, so `detached` becomes `unknown`: an image may
 * be attached in a way the programs that were asked do not tell of. Made for macOS, where a login does that.
 */
export function withSessions(usage: Usage, account: FileVaultAccount | undefined, sessions: readonly Session[]): Usage {
  const user = account?.user
  const where = [...new Set(sessions.filter((session) => session.user === user).map((session) => session.where))]
  if (user === undefined || where.length === 0) return usage
  const evidence = [...usage.evidence, `${user} is logged in (${list(where)})`]
  const usedBy = usage.usedBy.includes(user) ? usage.usedBy : [...usage.usedBy, user]
  if (usage.state !== 'detached') return { ...usage, evidence, usedBy }
  const doubt = `the image may be attached where hdiutil was not asked: log ${user} out, or back it up with copy-and-prove`
  return { ...usage, state: 'unknown', evidence: [...evidence, doubt], usedBy }
}
