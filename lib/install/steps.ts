import { takeBlockOut } from '../link/apply.js'
import { createFolderExclusively, removeEmptyFolder } from '../system/exclusive-file.js'
import { removeFile, replaceFile } from '../system/file.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'

/** A file that stands. */
export interface StandingFile {
  readonly text: string
  readonly mode: number
}

/** One change that `install` or `uninstall` makes; plain data, printed by `--dry-run`. */
export type Step =
  | { readonly kind: 'make-folder'; readonly path: RawPath }
  | {
      readonly kind: 'write-file'
      readonly path: RawPath
      readonly text: string
      readonly mode: number
      /** What it replaces. */
      readonly before?: StandingFile
    }
  | { readonly kind: 'remove-file'; readonly path: RawPath }
  | { readonly kind: 'strip-block'; readonly path: RawPath }
  | { readonly kind: 'remove-folder'; readonly path: RawPath }

/** In a folder that `install` made: `uninstall` removes no other. LBackup runs nothing whose name begins with a dot. */
export const madeMark = '.made-by-lbackup-filevault'

/** Given a step, return it as a line without its end: what is done, to which path. */
export function stepLine(step: Step): string {
  const path = printable(step.path)
  switch (step.kind) {
    case 'make-folder':
      return `make the folder ${path}`
    case 'write-file':
      return `${step.before === undefined ? 'write' : 'write anew'} ${path}`
    case 'remove-file':
      return `remove ${path}`
    case 'strip-block':
      return `take our lines out of ${path}`
    case 'remove-folder':
      return `remove the folder ${path}, if nothing else lies in it`
  }
}

/**
 * Given steps, carry them out in order and return a function that takes back what was made. Where one fails, those before
 * it are taken back and its OperationalError is thrown.
 */
export function applySteps(steps: readonly Step[]): () => void {
  const undo: (() => void)[] = []
  const takeBack = (): void => {
    for (const action of undo.toReversed()) action()
  }
  try {
    for (const step of steps) {
      const back = applyStep(step)
      if (back !== undefined) undo.push(back)
    }
  } catch (error) {
    takeBack()
    throw error
  }
  return takeBack
}

/** Returns how to take back what was made; removing is not taken back. */
function applyStep(step: Step): (() => void) | undefined {
  const { path } = step
  switch (step.kind) {
    case 'make-folder': {
      if (!createFolderExclusively(path, 0o755)) return undefined
      replaceFile(join(path, madeMark), '', { mode: 0o644 })
      return () => {
        removeMadeFolder(path)
      }
    }
    case 'write-file': {
      const { before } = step
      replaceFile(path, step.text, { mode: step.mode })
      return () => {
        if (before === undefined) removeFile(path)
        else replaceFile(path, before.text, { mode: before.mode })
      }
    }
    case 'remove-file':
      removeFile(path)
      return undefined
    case 'strip-block':
      takeBlockOut(path)
      return undefined
    case 'remove-folder':
      removeMadeFolder(path)
      return undefined
  }
}

function removeMadeFolder(path: RawPath): void {
  removeFile(join(path, madeMark))
  removeEmptyFolder(path)
}
