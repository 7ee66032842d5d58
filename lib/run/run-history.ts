import { Buffer } from 'node:buffer'
import type { HistoryLine } from '../generated/history.js'
import { historyText, readHistory } from '../report/history-line.js'
import { appendText } from '../system/file.js'
import { systemCode } from '../system/file-system-error.js'
import { withFileIn } from '../system/folder-looks.js'
import { renameIn, syncFolderIn } from '../system/folder-writes.js'
import { look, readFileIn, withFolder, type Folder } from '../system/folder.js'
import { fromText, join, type RawPath } from '../text/raw-path.js'

const [current, older] = [fromText('history.jsonl'), fromText('history.jsonl.1')]
/** A file that would grow beyond it takes the place of the older one: years of a household, a month of a thousand images. */
const mostBytes = 4 * 1024 * 1024
/** Of a file that is longer than any of ours, only its end is read. */
const mostRead = 2 * mostBytes

/** Given the state folder, return the runs that are known, the oldest first. Throws OperationalError; follows no link. */
export function readRuns(stateFolder: RawPath): HistoryLine[] {
  try {
    return withFolder(stateFolder, (folder) => readHistory(`${endOf(folder, older)}\n${endOf(folder, current)}`))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

/**
 * Given the state folder and a run, note it as the newest one. Throws OperationalError. Killed at any moment it leaves
 * the lines before, whole; a line that was cut off stays alone.
 */
export function appendRun(stateFolder: RawPath, line: HistoryLine): void {
  const text = historyText(line)
  withFolder(stateFolder, (folder) => {
    const size = look(folder, current)?.size ?? 0
    const full = size + Buffer.byteLength(text) > mostBytes
    if (size > 0 && full) {
      renameIn(folder, current, folder, older)
      syncFolderIn(folder)
    }
    const cut = size > 0 && !full && !endsLine(folder)
    appendText(join(stateFolder, current), cut ? `\n${text}` : text, { sync: true })
  })
}

function endOf(folder: Folder, name: RawPath): string {
  if (look(folder, name) === undefined) return ''
  return withFileIn(folder, name, ({ stats, read }) => {
    const length = Math.min(stats.size, mostRead)
    return read(stats.size - length, length).toString('utf8')
  })
}

function endsLine(folder: Folder): boolean {
  const size = look(folder, current)?.size ?? 0
  return readFileIn(folder, current, size - 1, 1).toString('latin1') === '\n'
}
