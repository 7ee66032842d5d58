import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made: string[] = []

/** Makes an empty folder for this test; it is removed after the test. Its path is real, without links. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'lbackup-filevault-test-'))
  made.push(folder)
  return folder
}

// Outside mocha, as in the demonstration, there is no such function, and whoever makes a folder removes it.
const { afterEach: afterEachTest } = globalThis as { afterEach?: (action: () => void) => void }
afterEachTest?.(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
})
