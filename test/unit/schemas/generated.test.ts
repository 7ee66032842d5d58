import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { temporaryFolder } from '../../support/temporary.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))

const check = (folder: string) =>
  spawnSync(process.execPath, ['--import=tsx', 'scripts/generate.ts', '--check'], { cwd: folder, encoding: 'utf8' })

describe('generated files', () => {
  it('are what the schemas say', () => {
    const { status, stderr } = check(root)
    expect(stderr).to.equal('')
    expect(status).to.equal(0)
  })

  it('are named by the check when they or the schemas were changed', () => {
    const folder = temporaryFolder()
    for (const name of [
      'schemas',
      'scripts',
      'lib/generated',
      'lib/finding',
      'examples',
      'docs',
      'package.json',
      'tsconfig.json',
    ]) {
      cpSync(join(root, name), join(folder, name), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    appendFileSync(join(folder, 'docs/options.md'), 'by hand\n')
    appendFileSync(join(folder, 'lib/generated/run.ts'), '// by hand\n')
    const { status, stderr } = check(folder)
    expect(stderr.match(/^\S+/gmu)).to.deep.equal(['lib/generated/run.ts', 'docs/options.md'])
    expect(status).to.equal(1)
  })

  it('load nothing else: the validators start with each hook', () => {
    const source = readFileSync(join(root, 'lib/generated/validators.ts'), 'utf8')
    expect(source).to.not.match(/^import /mu)
    expect(source).to.not.match(/\brequire\(/u)
  })
})
