import { OperationalError } from '../finding/operational-error.js'
import type { Step } from '../install/steps.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { seal, sealOf } from './seal.js'
import type { Unit } from './unit-type.js'

/** What stands where a unit belongs; undefined: nothing. `other`: no ordinary file. */
export type StandingUnit = { readonly text: string; readonly mode: number } | 'other' | undefined

export const unitMode = 0o644

/**
 * Given the units wanted, the folder they belong in and what stands there, return the steps that lead there; none: they
 * stand already. Throws OperationalError where a file is not ours, or was changed by hand.
 */
export function planInstall(
  units: readonly Unit[],
  folder: RawPath,
  standing: (path: RawPath) => StandingUnit,
): Step[] {
  return units.flatMap(({ name, text: bare }): Step[] => {
    const [path, text] = [join(folder, name), seal(bare)]
    const before = ours(path, standing(path), 'nothing was changed')
    if (before === undefined) return [{ kind: 'write-file', path, text, mode: unitMode }]
    if (before.text === text && before.mode === unitMode) return []
    return [{ kind: 'write-file', path, text, mode: unitMode, before }]
  })
}

/** Given names of units, their folder and what stands there, return the steps that remove what install wrote. Throws as above. */
export function planUninstall(
  names: readonly string[],
  folder: RawPath,
  standing: (path: RawPath) => StandingUnit,
): Step[] {
  return names.flatMap((name): Step[] => {
    const path = join(folder, name)
    return ours(path, standing(path), 'nothing was removed') === undefined ? [] : [{ kind: 'remove-file', path }]
  })
}

function ours(path: RawPath, found: StandingUnit, but: string): Exclude<StandingUnit, 'other'> {
  if (found === undefined) return undefined
  const whose = found === 'other' ? 'foreign' : sealOf(found.text)
  if (found !== 'other' && whose === 'ours') return found
  const shown = printable(path)
  if (whose === 'changed') {
    throw new OperationalError(
      'unit-changed',
      `${shown} was changed by hand since daemon install wrote it; ${but}.`,
      'Keep what you changed in a file of your own (systemctl edit makes a drop-in), and remove this one.',
    )
  }
  throw new OperationalError(
    'unit-foreign',
    `${shown} is there already and was not made by daemon install; ${but}.`,
    'Look at what it is, and move it away.',
  )
}
