import { expect } from 'chai'
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fakeMac } from '../../support/fake-mac.js'
import { until } from '../../support/fault/until.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { skip } from '../../support/skip.js'
import { clientLab, eachShell, hex, nonce, parse, shells, type Answer } from './client-lab.js'

const open: ChildProcess[] = []

/** A process that has files open, known by the name of its program. */
async function holder(...files: string[]): Promise<number> {
  const words = [
    '-c',
    `exec ${files.map((_, at) => `${String(at + 3)}<"$${String(at + 1)}"`).join(' ')}; exec cat`,
    'sh',
  ]
  const child = spawn('/bin/sh', [...words, ...files], { stdio: ['pipe', 'ignore', 'ignore'] })
  open.push(child)
  const { pid } = child
  await until('a process that has files open', () => readFileSync(`/proc/${String(pid)}/comm`, 'utf8') === 'cat\n')
  return pid as number
}

const tool = (answer: Answer, name: string): { exit: string | undefined; text: string } => ({
  exit: answer.after(`tool ${name}`)[0],
  text: answer.bytesAfter(`tool ${name} `).toString(),
})

function mayLookInto(pid: string): boolean {
  try {
    for (const name of readdirSync(`/proc/${pid}/fd`)) readlinkSync(`/proc/${pid}/fd/${name}`)
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT'
  }
  return true
}

describe('client: what uses an image', () => {
  afterEach(() => {
    for (const child of open.splice(0)) child.kill('SIGKILL')
  })

  eachShell((shell) => {
    for (const dialect of ['gnu', 'plain'] as const) {
      it(`finds a process that has a token open (${dialect} tools)`, async () => {
        const lab = clientLab(shell, dialect)
        const [one, two] = ['a b', 'two'].map((name) => join(lab.root, `${name}.sparsebundle`)) as [string, string]
        for (const bundle of [one, two]) writeSparseBundle(bundle, { bands: [{ index: 10, length: 5 }], lock: true })
        writeSparseImage(join(lab.root, 'x y.sparseimage'), { slots: [0] })
        const pid = await holder(join(two, 'token'), join(one, 'lock'), join(lab.root, 'x y.sparseimage'))
        const answer = lab.call('look')
        const number = (name: string): string =>
          String(answer.after('image').findIndex((line) => line.endsWith(hex(join(lab.root, name)))))
        const who = `${String(pid)} ${String(process.getuid?.())} cat`
        expect(answer.after('open')).to.have.members([
          `${number('two.sparsebundle')} ${who} token`,
          `${number('a b.sparsebundle')} ${who} lock`,
          `${number('x y.sparseimage')} ${who} x y.sparseimage`,
        ])
      })
    }

    it('finds a band that is open, also one that is gone, whatever its name', async () => {
      const lab = clientLab(shell)
      const bundle = join(lab.root, 'a.sparsebundle')
      writeSparseBundle(bundle, { bands: [{ index: 10, length: 5 }] })
      writeFileSync(join(bundle, 'bands', ' odd\nname'), '')
      const pid = await holder(join(bundle, 'bands/a'), join(bundle, 'bands', ' odd\nname'))
      execFileSync('rm', [join(bundle, 'bands/a')])
      const told = lab
        .call('look')
        .after('open')
        .map((line) => line.replace(/^0 \d+ \d+ cat /, ''))
      expect(told).to.have.members(['bands/a (deleted)', 'bands/ odd\u0001name'])
      expect(lab.call('look').after('open')[0]?.split(' ')[1]).to.equal(String(pid))
    })

    it('finds a key file that is open under another name', async () => {
      const lab = clientLab(shell)
      const bundle = join(lab.root, 'a.sparsebundle')
      writeSparseBundle(bundle)
      const other = join(lab.folder, 'other')
      execFileSync('ln', [join(bundle, 'Info.plist'), other])
      const pid = await holder(other)
      expect(lab.call('look').after('open')).to.deep.equal([
        `0 ${String(pid)} ${String(process.getuid?.())} cat Info.plist`,
      ])
    })

    it('keeps the name of a program to one word', async () => {
      const lab = clientLab(shell)
      const bundle = join(lab.root, 'a.sparsebundle')
      writeSparseBundle(bundle)
      const program = join(lab.folder, 'my (cat) 0\n')
      execFileSync('cp', ['/bin/cat', program])
      const token = openSync(join(bundle, 'token'), 'r')
      const child = spawn(program, [], { stdio: ['pipe', 'ignore', 'ignore', token] })
      closeSync(token)
      open.push(child)
      await until('the program', () => readFileSync(`/proc/${String(child.pid)}/comm`, 'utf8').startsWith('my (cat)'))
      expect(lab.call('look').after('open')[0]).to.match(/^0 \d+ \d+ my__cat__0 token$/)
    })

    it('does not tell itself, nor what started it', () => {
      const lab = clientLab(shell)
      const bundle = join(lab.root, 'a.sparsebundle')
      writeSparseBundle(bundle)
      const token = openSync(join(bundle, 'token'), 'r')
      const words = [...shells[shell].slice(1), lab.program, '1', nonce, 'look']
      const { stdout } = spawnSync(shells[shell][0], words, { env: {}, stdio: [token, 'pipe', 'pipe'] })
      closeSync(token)
      expect(parse(stdout, 'look').after('open')).to.deep.equal([])
    })

    it('tells loop devices', function () {
      const lab = clientLab(shell)
      const image = join(lab.root, 'a b.sparseimage')
      writeSparseImage(image, { slots: [0, 1] })
      if (process.getuid?.() !== 0) skip(this, 'only root can make loop devices')
      const made = spawnSync('losetup', ['--find', '--show', '--read-only', image])
      if (made.status !== 0) skip(this, 'no loop device can be made here')
      const device = made.stdout.toString().trim()
      try {
        expect(lab.call('look').after('loop')).to.include(`${device.replace('/dev/', '')} ${hex(image)}`)
      } finally {
        execFileSync('losetup', ['--detach', device])
      }
    })

    it('tells what the kernel says', () => {
      const answer = clientLab(shell).call('look')
      for (const [name, file] of [
        ['mountinfo', '/proc/self/mountinfo'],
        ['passwd', '/etc/passwd'],
      ] as const) {
        expect(tool(answer, name).exit).to.equal('0')
        expect(tool(answer, name).text).to.include(readFileSync(file, 'utf8').split('\n')[0])
      }
      expect(tool(answer, 'namespace').text).to.match(/^pid:\[\d+\]\n$/)
      expect(tool(answer, 'locks').exit).to.equal(existsSync('/proc/locks') ? '0' : 'none')
    })

    it('counts the processes that it may not look into', function () {
      if (process.getuid?.() !== 0) skip(this, 'only root can be somebody else')
      const lab = clientLab(shell)
      writeSparseBundle(join(lab.root, 'a.sparsebundle'))
      // There are systems where not even root may look into process 1; that one does not count.
      const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== '1')
      const closed = others.filter((name) => !mayLookInto(name)).length
      expect(tool(lab.call('look'), 'refused').text).to.equal(`${String(closed)}\n`)
      expect(Number(tool(lab.call('look', [], { uid: 65534 }), 'refused').text)).to.be.greaterThan(closed)
    })
  })

  eachShell((shell) => {
    const names = ['hdiutil', 'lsof', 'dscl', 'scutil', 'who', 'mount', 'ps'] as const

    it('asks the programs of a Mac, and tells what they print', () => {
      const lab = clientLab(shell, 'bsd')
      const bundle = join(lab.root, "a & 'b' <c>.sparsebundle")
      writeSparseBundle(bundle, { lock: true })
      writeSparseImage(join(lab.root, 'old.sparseimage'), { slots: [0] })
      const mac = fakeMac({
        attached: [{ path: bundle, pid: 5 }, { path: '/gone & away.sparsebundle' }],
        open: [{ path: join(bundle, 'token'), pid: 77, program: 'diskimages-helper' }],
        graphical: ['bob'],
        console: 'bob',
        who: [{ user: 'bob', line: 'console' }],
        users: [{ name: 'bob', uid: 501, home: '/Users/bob' }],
        processes: [{ pid: 1, parentPid: 0 }],
      })
      lab.configure(...names.map((name) => `tool-${name} ${mac.tools[name]}`))
      const answer = lab.call('look')
      expect(answer.status).to.equal('ok')
      expect(answer.lines.filter((line) => line.startsWith('tool ')).join(', ')).to.match(
        /^tool hdiutil 0, tool mount 0, tool who 0, tool scutil 0, tool console 0, tool dscl 0, tool users 0, tool lsof 1, tool ps 0, tool exports (0|none)$/,
      )
      expect(tool(answer, 'hdiutil').text).to.match(/^<\?xml[^]*<\/plist>\n$/)
      expect(tool(answer, 'lsof').text).to.include('p77\0cdiskimages-helper\0').and.to.include(`n${bundle}/token`)
      expect(tool(answer, 'scutil').text).to.include('kCGSSessionUserNameKey : bob')
      expect(tool(answer, 'users').text).to.match(/^bob +501\n$/)
      expect(tool(answer, 'console').text).to.equal('root\n')
      const { dev, ino } = statSync(bundle)
      expect(answer.after('identity')).to.deep.equal([
        `${hex(bundle)} ${String(dev)} ${String(ino)}`,
        `${hex('/gone & away.sparsebundle')} - -`,
      ])
      const asked = mac.calls().map(({ name, args }) => `${name} ${args.join(' ')}`)
      expect(asked).to.have.members([
        ...['hdiutil info -plist', 'mount ', 'who ', 'scutil ', 'ps -axo pid=,ppid=', 'dscl . -list /Users UniqueID'],
        'dscl -plist . -readall /Users NFSHomeDirectory HomeDirectory',
        `lsof -n -P -w -F pcuLfDin0 -- ${bundle}/token ${bundle}/lock ${lab.root}/old.sparseimage`,
      ])
    })

    it('says so where a program is not there, fails, or prints without end', () => {
      const lab = clientLab(shell, 'bsd')
      writeSparseBundle(join(lab.root, 'a.sparsebundle'))
      const mac = fakeMac({
        faults: { who: { flood: true }, mount: { stdout: 'half', code: 3 }, hdiutil: { flood: true } },
      })
      const there = ['who', 'mount', 'hdiutil', 'dscl'] as const
      lab.configure(
        ...there.map((name) => `tool-${name} ${mac.tools[name]}`),
        ...['lsof', 'scutil', 'ps'].map((name) => `tool-${name} /nonexistent`),
      )
      const answer = lab.call('look')
      expect(answer.status).to.equal('partly')
      expect(tool(answer, 'mount')).to.deep.equal({ exit: '3', text: 'half' })
      for (const name of ['who', 'hdiutil']) expect(tool(answer, name)).to.deep.equal({ exit: '141', text: '' })
      for (const name of ['lsof', 'scutil', 'ps']) expect(tool(answer, name).exit).to.equal('none')
      expect(answer.problems).to.have.length(2)
    })

    it('follows no link to the folder of an image that is asked about', () => {
      const lab = clientLab(shell, 'bsd')
      mkdirSync(join(lab.folder, 'elsewhere'))
      writeSparseBundle(join(lab.folder, 'elsewhere/a.sparsebundle'))
      symlinkSync(join(lab.folder, 'elsewhere'), join(lab.root, 'link'))
      expect(lab.call('look').after('image')).to.deep.equal([])
    })
  })
})
