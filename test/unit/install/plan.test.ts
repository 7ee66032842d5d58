import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { launcherMark, launcherNames } from '../../../lib/install/launcher.js'
import { nodePath } from '../../../lib/install/node-path.js'
import { planInstall, planUninstall } from '../../../lib/install/plan.js'
import { selfTest } from '../../../lib/install/self-test.js'
import { readSetup } from '../../../lib/install/setup.js'
import { shellWord } from '../../../lib/install/shell-word.js'
import type { Standing } from '../../../lib/install/standing.js'
import { applySteps, madeMark, stepLine } from '../../../lib/install/steps.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { makeLab } from '../../support/session/index.js'
import { temporaryFolder } from '../../support/temporary.js'

const launcher = { node: '/usr/bin/node', package: '/opt/p', onCrash: 'halt', excludesName: 'e' } as const
const template = `#!/bin/sh\n${launcherMark}\nphase=@PHASE@\nnode=@NODE@\n`
const empty: Standing = {
  folder: '/b' as RawPath,
  missingFolders: [],
  madeFolders: [],
  launchers: { pre: { state: 'absent' }, post: { state: 'absent' } },
  settings: undefined,
}
const request = (standing: Standing): Parameters<typeof planInstall>[0] => ({
  standing,
  template,
  launcher,
  sample: '{}',
})

describe('a plan to install', () => {
  it('makes folders first and the pre hook last', () => {
    const steps = planInstall(request({ ...empty, missingFolders: ['/b/resources' as RawPath] }))
    expect(steps.map(stepLine)).to.deep.equal([
      'make the folder /b/resources',
      'write /b/filevault.json',
      `write /b/resources/post-actions/${launcherNames.post}`,
      `write /b/resources/pre-actions/${launcherNames.pre}`,
    ])
  })

  it('has nothing to do where all stands as it would be made', () => {
    const made = planInstall(request(empty)).flatMap((step) => (step.kind === 'write-file' ? [step] : []))
    const text = (phase: string): string => made.find(({ path }) => path.includes(`${phase}-actions`))?.text ?? ''
    const ours = (phase: string) => ({ state: 'ours', text: text(phase), mode: 0o755 }) as const
    const standing = { ...empty, settings: 'his own', launchers: { pre: ours('pre'), post: ours('post') } }
    expect(planInstall(request(standing))).to.deep.equal([])
    expect(planUninstall(standing, '{}', undefined).map(({ kind }) => kind)).to.deep.equal([
      'remove-file',
      'remove-file',
    ])
  })

  it('refuses blanks in the folder, which LBackup does not survive', () => {
    expect(() => planInstall(request({ ...empty, folder: '/my backup' as RawPath }))).to.throw(/has a blank/)
  })
})

describe('steps', () => {
  it('that fail half-way take back what was made, and restore what was replaced', () => {
    const folder = temporaryFolder()
    const path = (name: string): RawPath => fromText(join(folder, name))
    writeFileSync(join(folder, 'old'), 'old')
    chmodSync(join(folder, 'old'), 0o700)
    const before = { text: 'old', mode: 0o700 }
    expect(() =>
      applySteps([
        { kind: 'make-folder', path: path('made') },
        { kind: 'write-file', path: path('made/new'), text: 'new', mode: 0o755 },
        { kind: 'write-file', path: path('old'), text: 'changed', mode: 0o755, before },
        { kind: 'write-file', path: path('nowhere/x'), text: '', mode: 0o644 },
      ]),
    ).to.throw(/nowhere/)
    expect(readdirSync(folder)).to.deep.equal(['old'])
    expect(readFileSync(join(folder, 'old'), 'utf8')).to.equal('old')
    expect(statSync(join(folder, 'old')).mode & 0o777).to.equal(0o700)
  })

  it('give the mode asked for, whatever the umask', () => {
    const folder = temporaryFolder()
    const umask = process.umask(0o077)
    try {
      applySteps([{ kind: 'write-file', path: fromText(join(folder, 'x')), text: '', mode: 0o755 }])
    } finally {
      process.umask(umask)
    }
    expect(statSync(join(folder, 'x')).mode & 0o777).to.equal(0o755)
  })

  it('remove a folder of ours only when it is empty', () => {
    const folder = temporaryFolder()
    const [full, bare] = ['full', 'bare'].map((name) => join(folder, name)) as [string, string]
    applySteps([full, bare].map((path) => ({ kind: 'make-folder', path: fromText(path) }) as const))
    expect(existsSync(join(full, madeMark))).to.equal(true)
    writeFileSync(join(full, 'BACKUP-500-mine'), '')
    applySteps([full, bare].map((path) => ({ kind: 'remove-folder', path: fromText(path) }) as const))
    expect(readdirSync(folder)).to.deep.equal(['full'])
    expect(readdirSync(full)).to.deep.equal(['BACKUP-500-mine'])
  })
})

describe('the self test', () => {
  it('fails with what the hook says where it does not come to its end', async () => {
    const lab = makeLab()
    const setup = readSetup(fromText(lab.configurationFile))
    const failure = async (program: string): Promise<string> => {
      lab.hook('pre', launcherNames.pre, program)
      return await selfTest(setup).then(
        () => 'passed',
        (error: Error) => error.message,
      )
    }
    expect(await failure('echo no such node >&2; exit 129')).to.match(
      /does not work .*ended with 129, saying: no such node/,
    )
    // Ending well without having been tried is no test, and a test must never let a backup go on.
    expect(await failure('exit 0')).to.match(/ended with 0/)
    expect(await failure('echo "lbackup-filevault: self test passed (pre)"')).to.match(/ended with 0/)
    expect(await failure('echo "lbackup-filevault: self test passed (post)"; exit 129')).to.match(/ended with 129/)
  })
})

describe('the path of Node', () => {
  it('is a stable link to the program that runs, else that program', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'v1'))
    const [real, link, other] = ['v1/node', 'link', 'other'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    writeFileSync(real, '')
    writeFileSync(other, '')
    symlinkSync(real, link)
    expect(nodePath(real, ['/nowhere/node', other, link])).to.equal(link)
    expect(nodePath(real, [other])).to.equal(real)
  })
})

describe('a shell word', () => {
  it('is quoted where a shell would read more than a word', () => {
    expect(shellWord('/b/b.conf')).to.equal('/b/b.conf')
    expect(shellWord("/my b/it's")).to.equal(String.raw`'/my b/it'\''s'`)
  })
})
