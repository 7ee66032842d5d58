import { Buffer } from 'node:buffer'
import { fromText, join, type RawPath } from '../text/raw-path.js'
import { appendText } from './file.js'
import { withFileIn } from './folder-looks.js'
import { renameIn, syncFolderIn } from './folder-writes.js'
import { look, readFileIn, withFolder, type Folder } from './folder.js'

/** A file of lines in a folder of ours that grows to a limit, and then takes the place of the older one, `NAME.1`. */
export interface LineLog {
  readonly folder: RawPath
  readonly name: RawPath
  readonly mostBytes: number
}

const older = ({ name }: LineLog): RawPath => fromText(`${name}.1`)

/**
 * Given a log, return its lines, the older file first. Of a file that is longer than any of ours, only its end is read.
 * Follows no link. Throws OperationalError (`file-missing` where there is no such folder).
 */
export const readLog = (log: LineLog): string =>
  withFolder(log.folder, (folder) => `${endOf(folder, older(log), log)}\n${endOf(folder, log.name, log)}`)

/**
 * Given a log and lines with their ends, append them. Throws OperationalError. Killed at any moment it leaves the lines
 * before, whole; a line that was cut off stays alone.
 */
export function appendLog(log: LineLog, text: string): void {
  const { name, mostBytes } = log
  withFolder(log.folder, (folder) => {
    const size = look(folder, name)?.size ?? 0
    const full = size + Buffer.byteLength(text) > mostBytes
    if (size > 0 && full) {
      renameIn(folder, name, folder, older(log))
      syncFolderIn(folder)
    }
    const cut = size > 0 && !full && !endsLine(folder, name, size)
    appendText(join(log.folder, name), cut ? `\n${text}` : text, { sync: true })
  })
}

function endOf(folder: Folder, name: RawPath, { mostBytes }: LineLog): string {
  if (look(folder, name) === undefined) return ''
  return withFileIn(folder, name, ({ stats, read }) => {
    const length = Math.min(stats.size, 2 * mostBytes)
    return read(stats.size - length, length).toString('utf8')
  })
}

const endsLine = (folder: Folder, name: RawPath, size: number): boolean =>
  readFileIn(folder, name, size - 1, 1).toString('latin1') === '\n'
