import { Buffer } from 'node:buffer'
import type { DaemonLine } from '../generated/daemon.js'
import type { DaemonSeen } from '../generated/seen.js'
import { validateDaemon, validateSeen } from '../generated/validators.js'
import { OperationalError } from '../finding/operational-error.js'
import { isTooLarge, readFileIfPresent, replaceFile } from '../system/file.js'
import { systemCode } from '../system/file-system-error.js'
import { appendLog, readLog, type LineLog } from '../system/line-log.js'
import { fairShare } from '../text/fair-share.js'
import { printable } from '../text/printable.js'
import { fromText, join, type RawPath } from '../text/raw-path.js'

/** Given the state folder, return the folder of the daemon in it. */
export const daemonFolder = (stateFolder: RawPath): RawPath => join(stateFolder, 'daemon')

/** Of 1 MiB: some eight thousand lines. */
const history = (stateFolder: RawPath): LineLog => ({
  folder: daemonFolder(stateFolder),
  name: fromText('history.jsonl'),
  mostBytes: 1024 * 1024,
})
const seenPath = (stateFolder: RawPath): RawPath => join(daemonFolder(stateFolder), 'seen.json')
const mostBytes = 16 * 1024 * 1024
/** Lines that wait for a full disk; the others are counted. */
const mostWaiting = 1000

/** Given the state folder, return what the daemon saw, the oldest first; what is no line is passed over. Throws OperationalError. */
export function readHistory(stateFolder: RawPath): DaemonLine[] {
  try {
    return readLog(history(stateFolder))
      .split('\n')
      .flatMap((text) => parsed<DaemonLine>(text, validateDaemon) ?? [])
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Given the state folder, return what the daemon saw last; undefined: nothing, or it cannot be used. Throws OperationalError. */
export function readSeen(stateFolder: RawPath): DaemonSeen | undefined {
  try {
    const file = readFileIfPresent(seenPath(stateFolder), mostBytes)
    return file === undefined ? undefined : parsed(file.bytes.toString('utf8'), validateSeen)
  } catch (error) {
    if (isTooLarge(error)) return undefined
    throw error
  }
}

/** Where the daemon writes down what it saw. */
export interface Notebook {
  /** Writes lines, and those that wait. Returns why they wait now, once for each reason; undefined: nothing to say. */
  tell(lines: readonly DaemonLine[]): string | undefined
  /** Writes what was seen last; as above. */
  remember(seen: DaemonSeen): string | undefined
}

/** Given the state folder, return the notebook. What cannot be written waits, so that a full disk ends no daemon. */
export function notebook(stateFolder: RawPath): Notebook {
  const waiting: DaemonLine[] = []
  let lost = 0
  const [writeHistory, writeSeen] = [attempts(), attempts()]
  return {
    tell(lines) {
      waiting.push(...lines)
      lost += waiting.splice(mostWaiting).length
      const [first] = waiting
      if (first === undefined) return undefined
      return writeHistory(() => {
        const all = lost === 0 ? waiting : [...waiting, { at: first.at, event: 'lost', detail: String(lost) } as const]
        appendLog(history(stateFolder), all.map((line) => `${JSON.stringify(line)}\n`).join(''))
        waiting.length = 0
        lost = 0
      })
    },
    remember: (seen) =>
      writeSeen(() => {
        const { text, whole } = seenText(seen)
        replaceFile(seenPath(stateFolder), text)
        if (!whole) throw tooMany(stateFolder)
      }),
  }
}

/** No more than is read again: else every later daemon would begin with nothing. */
function seenText(seen: DaemonSeen): { readonly text: string; readonly whole: boolean } {
  const text = `${JSON.stringify(seen)}\n`
  if (Buffer.byteLength(text) <= mostBytes) return { text, whole: true }
  const bytes = (part: object): number => Buffer.byteLength(JSON.stringify(part)) + 1
  const images = fairShare(seen.images, bytes, mostBytes - bytes({ ...seen, images: [] }))
  return { text: `${JSON.stringify({ ...seen, images })}\n`, whole: false }
}

const tooMany = (stateFolder: RawPath): OperationalError =>
  new OperationalError(
    'images-too-many',
    `${printable(seenPath(stateFolder))} has no room for all images: the next daemon knows nothing of some, of users who have most of them.`,
    'Look with lbackup-filevault discover for a user who has very many images.',
  )

/** Tries to write, and says why that fails, once until it works again or fails otherwise. */
function attempts(): (write: () => void) => string | undefined {
  let said: string | undefined
  return (write) => {
    const before = said
    said = undefined
    try {
      write()
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      said = `${error.message} ${error.cure}`
    }
    return said === before ? undefined : said
  }
}

function parsed<Document>(text: string, validate: (document: unknown) => boolean): Document | undefined {
  try {
    const document: unknown = JSON.parse(text)
    return validate(document) ? (document as Document) : undefined
  } catch {
    return undefined
  }
}
