import { createRequire } from 'node:module'
import type * as plistPackage from 'plist'

let loaded: typeof plistPackage | undefined

/**
 * Loads the package plist on first use, and synchronously: importing it costs as much processor time as Node's own
 * start, and what hdiutil writes into a bundle never needs it. The package offers itself to `import` only, so its file
 * is named; asked for from inside its own folder, Node loads the module without a warning on stderr.
 */
export function loadPlist(): typeof plistPackage {
  const folders = createRequire(import.meta.url).resolve.paths('plist') ?? []
  for (const folder of folders) {
    if (loaded !== undefined) break
    try {
      loaded = createRequire(`${folder}/plist/dist/index.js`)('./index.js') as typeof plistPackage
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  if (loaded === undefined) throw new Error('The package plist is not installed.')
  return loaded
}
