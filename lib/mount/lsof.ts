import type { Buffer } from 'node:buffer'
import { fromBytes, type RawPath } from '../text/raw-path.js'

/** One file that one process has open, as lsof tells it. */
export interface OpenFile {
  readonly pid: number
  readonly program: string
  readonly uid?: number
  readonly user?: string
  /** Absent where lsof does not tell. */
  readonly device?: number
  readonly inode?: number
  readonly name: RawPath
}

/** The arguments that make lsof answer in the form `parseLsof` reads; file names follow. `-n -P -w`: no look-ups, no warnings. */
export const lsofArguments: readonly string[] = ['-n', '-P', '-w', '-F', 'pcuLfDin0', '--']

/**
 * Given the output of `lsof -F pcuLfDin0`, return the open files. Fields end in NUL and begin with their letter; a
 * process set begins with `p`, each of its files with `f` (lsof manual page, "OUTPUT FOR OTHER PROGRAMS"). lsof writes
 * control characters in names as `\n` or `^X`: files are told apart by device and inode.
 */
export function parseLsof(output: Buffer): OpenFile[] {
  const files: OpenFile[] = []
  let processFields = new Map<string, string>()
  let fileFields: Map<string, string> | undefined
  const finish = (): void => {
    const file = fileFields === undefined ? undefined : openFile(processFields, fileFields)
    if (file !== undefined) files.push(file)
    fileFields = undefined
  }
  for (const field of fromBytes(output).split('\0')) {
    const text = field.replace(/^\n/u, '')
    const letter = text.slice(0, 1)
    if (letter === 'p') {
      finish()
      processFields = new Map()
    } else if (letter === 'f') {
      finish()
      fileFields = new Map()
    }
    if (letter !== '') (fileFields ?? processFields).set(letter, text.slice(1))
  }
  finish()
  return files
}

function openFile(owner: ReadonlyMap<string, string>, file: ReadonlyMap<string, string>): OpenFile | undefined {
  const pid = whole(owner.get('p'))
  if (pid === undefined) return undefined
  const uid = whole(owner.get('u'))
  const user = owner.get('L')
  const device = whole(file.get('D'))
  const inode = whole(file.get('i'))
  return {
    pid,
    program: owner.get('c') ?? 'a process',
    name: (file.get('n') ?? '') as RawPath,
    ...(uid === undefined ? {} : { uid }),
    ...(user === undefined ? {} : { user }),
    ...(device === undefined ? {} : { device }),
    ...(inode === undefined ? {} : { inode }),
  }
}

/** The device is printed as `0x1000004`, all else decimal. */
const whole = (text: string | undefined): number | undefined =>
  text !== undefined && /^(0x[0-9a-f]+|\d+)$/u.test(text) ? Number(text) : undefined
