import { mkdirSync, readdirSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { withBlock } from '../../../lib/link/block.js'
import type { ExcludesWish } from '../../../lib/link/excludes-type.js'
import { planExcludes } from '../../../lib/link/plan.js'
import { excludedByAdministrator, proveBlock } from '../../../lib/link/proof.js'
import { realSystem, type System } from '../../../lib/system/system.js'
import { join } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'
import { isWished, treeOf, users, wishesOf } from './names.js'
import { copyWithRsync, entriesOf, makeTree, raw } from './tree.js'

const owner = { run: 'run-1', lbackupPid: 12, lbackupStarted: 1795317300 }
const system = realSystem({ platform: 'linux', commandSeconds: 60 })
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

const home = (name: string, more: Partial<Extract<ExcludesWish, { kind: 'filevault-home' }>> = {}): ExcludesWish => ({
  kind: 'filevault-home',
  home: raw(`/U/src/${name}`),
  hiddenHome: raw(`/U/src/.${name}`),
  imageName: raw(`${name}.sparsebundle`),
  container: 'sparse-bundle',
  lies: 'home',
  copy: 'image',
  ...more,
})
const bundle = (path: string): ExcludesWish => ({ kind: 'copy-image', path: raw(path), container: 'sparse-bundle' })

describe("link: the administrator's own excludes, through the real rsync", () => {
  const look = async (lines: string, wishes: ExcludesWish[], source = '/U/src'): Promise<unknown> => {
    const found = await excludedByAdministrator(system, { source: raw(source), wishes, excludes: latin1(lines) })
    return Object.fromEntries(found.images)
  }
  const strange = '/U/src/eve/ + \n\r#;![*?\\**\xe9 '

  it('leave nothing out where they are empty', async () => {
    expect(await look('', [home('bob'), bundle(strange)])).to.deep.equal({})
  })
  it('leave out whole images, by suffix, by folder, by a name that is no text', async () => {
    const whole = { whole: true, members: [] }
    expect(await look('*.sparsebundle\n', [bundle('/U/src/a.sparsebundle'), bundle(strange)])).to.deep.equal({
      '/U/src/a.sparsebundle': whole,
    })
    expect(await look('/src/eve/', [bundle(strange)])).to.deep.equal({ [strange]: whole })
    expect(await look('/eve/', [bundle(strange)])).to.deep.equal({})
    expect(await look('/eve/', [bundle(strange)], '/U/src/')).to.deep.equal({ [strange]: whole })
    expect(await look('*\xe9?\r\n', [bundle(strange)])).to.deep.equal({ [strange]: whole })
  })
  it('leave out members of an image', async () => {
    expect(await look('token\n*.bckup\n1?\n', [bundle('/U/src/a')])).to.deep.equal({
      '/U/src/a': { whole: false, members: ['Info.bckup', 'token', 'bands/1f'] },
    })
  })
  it('are told apart from a block of ours that was left over', async () => {
    const block = withBlock(latin1('token\n'), owner, [raw('- /src/a')])
    expect(await look(block.toString('latin1'), [bundle('/U/src/a')])).to.deep.equal({
      '/U/src/a': { whole: false, members: ['token'] },
    })
  })
})

describe('link: the block proven through the real rsync', () => {
  const prove = async (
    wishes: ExcludesWish[],
    mine = '',
    change = (lines: string): string => lines,
  ): Promise<string[]> => {
    const source = raw('/U/src')
    const administrator = await excludedByAdministrator(system, { source, wishes, excludes: latin1(mine) })
    const plan = planExcludes({ source, wishes })
    const excludes = latin1(change(withBlock(latin1(mine), owner, plan.rules).toString('latin1')))
    return proveBlock(system, { plan, excludes, administrator })
  }
  const wishes = [home('bob'), home('eve', { lies: 'hidden-home', copy: 'nothing' }), bundle('/U/src/al/a\\b[*]')]

  it('does what the plan says', async () => {
    expect(await prove(wishes)).to.deep.equal([])
    expect(await prove(wishes, '*~\nlbackup-filevault-bystander\n/src/al/Music\n+ /src/.bob/\n')).to.deep.equal([])
  })
  it('is found out where a rule is lost, too wide or beaten', async () => {
    expect(await prove(wishes, '', (lines) => lines.replace('\n- /src/.bob/\n', '\n'))).to.deep.equal([
      'rsync would copy /U/src/.bob, which the plan leaves out.',
    ])
    expect(await prove(wishes, '', (lines) => lines.replace('\n- /src/bob/*\n', '\n- /src/*\n'))).to.include(
      'rsync would leave out the image /U/src/bob/bob.sparsebundle, which the plan copies.',
    )
    expect(
      await prove(wishes, '', (lines) => lines.replace('\n- /src/bob/*\n', '\n- /src/bob/*\n- /src/al/\n')),
    ).to.include('rsync would leave out /U/src/al/lbackup-filevault-bystander, of which the plan says nothing.')
    expect(await prove(wishes, '', (lines) => `${lines}!\n`)).not.to.be.empty
  })
  it("says when it is the administrator's own line that is in the way", async () => {
    expect(await prove([bundle('/U/src/al/x')], '/src/al/x\n')).to.deep.equal([
      "rsync would leave out the image /U/src/al/x, which the plan copies; LBackup's excludes file itself says so.",
    ])
  })
  it('leaves to him what he leaves out inside an image', async () => {
    expect(await prove([home('bob')], 'token\n')).to.deep.equal([])
    expect(
      await prove([home('bob')], 'token\n', (lines) => lines.replace('\n- /src/bob/*\n', '\n- bands\n- /src/bob/*\n')),
    ).to.deep.equal([
      "rsync would leave out bands, token, bands/0, bands/a and bands/1f of the image /U/src/bob/bob.sparsebundle, which the plan copies; LBackup's excludes file itself says so.",
    ])
  })
  it('takes one run of rsync for each question, and cleans up', async () => {
    let runs = 0
    const counting: System = { ...system, tool: (...call) => ((runs += 1), system.tool(...call)) }
    const temporary = temporaryFolder()
    const { TMPDIR } = process.env
    process.env.TMPDIR = temporary
    const plan = planExcludes({ source: raw('/U/src'), wishes })
    const excludes = withBlock(latin1(''), owner, plan.rules)
    try {
      await excludedByAdministrator(counting, { source: plan.source, wishes, excludes })
      await proveBlock(counting, { plan, excludes })
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = TMPDIR
    }
    expect(runs).to.equal(2)
    expect(readdirSync(temporary)).to.deep.equal([])
  })
  it('says that rsync could not be run', async () => {
    const broken = realSystem({ platform: 'linux', commandSeconds: 60, tools: { rsync: '/nowhere/rsync' } })
    const plan = planExcludes({ source: raw('/U/src'), wishes })
    const failure: unknown = await proveBlock(broken, { plan, excludes: latin1('') }).catch((error: unknown) => error)
    expect(failure).to.be.instanceOf(OperationalError)
    expect((failure as Error).message).to.include('/nowhere/rsync failed (ENOENT)')
  })
})

describe('link: what the real rsync copies', () => {
  it('is what is wished, for random names and states, with and without a trailing slash', async () => {
    await fc.assert(
      fc.asyncProperty(users, fc.constantFrom('src', 'src/', 's [*]\\ c', '- x/'), async (list, source) => {
        const folder = temporaryFolder()
        const name = source.replace(/\/$/, '')
        mkdirSync(`${folder}/${name}`)
        for (const one of list) makeTree(`${folder}/${name}`, treeOf(one))
        const wishes = list.flatMap((one) => wishesOf(one, raw(`${folder}/${name}`)))
        const plan = planExcludes({ source: raw(`${folder}/${source}`), wishes })
        const excludes = withBlock(latin1('# mine\r\n+ /src/**\n*.no'), owner, plan.rules)

        const wished = entriesOf(`${folder}/${name}`).filter((path) => {
          return list.every((one) => !belongsTo(one.name, path) || isWished(one, path))
        })
        const expected = source.endsWith('/') ? wished : [raw(name), ...wished.map((path) => join(raw(name), path))]
        expect(copyWithRsync(folder, `./${source}`, excludes, `${folder}/copy`)).to.deep.equal(expected.sort())
        expect(await proveBlock(system, { plan, excludes })).to.deep.equal([])
      }),
      { numRuns: 20 },
    )
  })
})

const belongsTo = (name: string, path: string): boolean => [name, `.${name}`].includes(path.split('/')[0] as string)
