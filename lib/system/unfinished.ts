import { unlinkSync } from 'node:fs'
import { join, toBytes, type RawPath } from '../text/raw-path.js'
import { namesIn } from './exclusive-file.js'
import { systemCode } from './file-system-error.js'

/**
 * Given a folder that only we and the administrator may write, remove the files in it that were being made by a process
 * which is gone: `.NAME.PID.new` (file.ts), `.PID.RANDOM.new` (exclusive-file.ts), `NAME.lbackup-filevault.PID` (the
 * launcher). `of`: only those of that name. Returns the names removed; a folder that is missing holds none.
 */
export function removeUnfinished(folder: RawPath, of?: RawPath): RawPath[] {
  return namesWhereThere(folder).filter((name) => {
    const made = unfinished.exec(name)?.groups
    const [base, maker] = [made?.['base'] ?? made?.['file'], made?.['pid'] ?? made?.['maker'] ?? made?.['shell']]
    if (maker === undefined || (of !== undefined && base !== of) || isRunning(Number(maker))) return false
    return removed(join(folder, name))
  })
}

const unfinished =
  /^(?:\.(?<maker>\d{1,9})\.[0-9a-f]{12}\.new|\.(?<base>.+)\.(?<pid>\d{1,9})\.new|(?<file>.+)\.lbackup-filevault\.(?<shell>\d{1,9}))$/s

/** Tell whether there is a process of that number, whoever's. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}

/** Whatever keeps one from going is not worth a night's backup. */
function removed(path: RawPath): boolean {
  try {
    unlinkSync(toBytes(path))
    return true
  } catch {
    return false
  }
}

function namesWhereThere(folder: RawPath): RawPath[] {
  try {
    return namesIn(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}
