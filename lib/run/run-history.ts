import type { HistoryLine } from '../generated/history.js'
import { historyText, readHistory } from '../report/history-line.js'
import { systemCode } from '../system/file-system-error.js'
import { appendLog, readLog, type LineLog } from '../system/line-log.js'
import { fromText, type RawPath } from '../text/raw-path.js'

/** Of 4 MiB: years of a household, a month of a thousand images. */
const history = (stateFolder: RawPath): LineLog => ({
  folder: stateFolder,
  name: fromText('history.jsonl'),
  mostBytes: 4 * 1024 * 1024,
})

/** Given the state folder, return the runs that are known, the oldest first. Throws OperationalError; follows no link. */
export function readRuns(stateFolder: RawPath): HistoryLine[] {
  try {
    return readHistory(readLog(history(stateFolder)))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

/**
 * Given the state folder and a run, note it as the newest one. Throws OperationalError. Killed at any moment it leaves
 * the lines before, whole; a line that was cut off stays alone.
 */
export const appendRun = (stateFolder: RawPath, line: HistoryLine): void =>
  appendLog(history(stateFolder), historyText(line))
