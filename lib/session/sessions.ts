import { noAnswer } from '../system/tool-answer.js'
import type { System, Tools } from '../system/system.js'
import type { CommandResult } from '../system/process.js'
import { parseConsoleOwner, parseScutil } from './console.js'
import type { Session } from './session.js'
import { parseWho } from './who.js'

/** Who is logged in, and what could not be found out about it, a sentence with the cure each. */
export interface SessionLook {
  readonly sessions: readonly Session[]
  readonly problems: readonly string[]
}

/**
 * Given the machine, return who is logged in on it. On macOS the console's owner and scutil come first, and `who` only
 * adds: since 10.12.4 it does not reliably know graphical logins. No tool's failure makes it throw.
 */
export async function lookAtSessions(system: System): Promise<SessionLook> {
  const asked = await Promise.all([
    ...(system.platform === 'macos' ? [consoleOwner(system), graphical(system)] : []),
    ask(system, 'who', [], parseWho),
  ])
  const sessions: Session[] = []
  for (const session of asked.flatMap((answer) => answer.sessions)) {
    const known = sessions.some(({ user, where }) => user === session.user && where === session.where)
    if (!known) sessions.push(session)
  }
  return { sessions, problems: asked.flatMap((answer) => answer.problems) }
}

const consoleOwner = (system: System): Promise<SessionLook> =>
  ask(system, 'stat', ['-f', '%Su', '/dev/console'], (output) => {
    const user = parseConsoleOwner(output)
    return user === undefined ? [] : [{ user, where: 'console', source: 'console-owner' }]
  })

const graphical = (system: System): Promise<SessionLook> =>
  ask(
    system,
    'scutil',
    [],
    (output) => parseScutil(output).map((user) => ({ user, where: 'console', source: 'scutil' })),
    'show State:/Users/ConsoleUser\n',
  )

async function ask(
  system: System,
  tool: keyof Tools,
  args: readonly string[],
  parse: (output: CommandResult['stdout']) => Session[],
  input = '',
): Promise<SessionLook> {
  const result = await system.tool(tool, args, { input, maxOutputBytes: 8 * 1024 * 1024 })
  const problem = noAnswer(result)
  if (problem === undefined) return { sessions: parse(result.stdout), problems: [] }
  return { sessions: [], problems: [`who is logged in is not fully known: ${problem}`] }
}
