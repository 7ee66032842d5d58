import { expect } from 'chai'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fakeMac, type FakeMacState } from '../../support/fake-mac.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { clientLab, eachShell, hex, nonce, type ClientLab } from './client-lab.js'

const started: ChildProcess[] = []

function start(lab: ClientLab): ChildProcess {
  const child = lab.start('watch', ['1'])
  started.push(child)
  return child
}

/** A watch that runs. */
function watching(lab: ClientLab): {
  /** What is told up to the next tick but one: what was done before is seen by then. */
  next(): Promise<string[]>
  /** Closes the input; what is told up to the end. */
  end(): Promise<string[]>
} {
  const child = start(lab)
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })[Symbol.asyncIterator]()
  const read = async (last: (line: string) => boolean): Promise<string[]> => {
    const told: string[] = []
    for (;;) {
      const { value, done } = (await lines.next()) as { value: string; done?: boolean }
      if (done === true) return told
      told.push(value)
      if (last(value)) return told
    }
  }
  const toTick = (): Promise<string[]> => read((line) => line.startsWith('tick '))
  return {
    async next() {
      const told = [...(await toTick()), ...(await toTick())]
      return told.filter((line) => !/^(tick|gap|lbackup-filevault) /.test(line))
    },
    async end() {
      child.stdin?.end()
      const told = await read(() => false)
      if (child.exitCode === null) await once(child, 'exit')
      return told
    },
  }
}

describe('client: watch', () => {
  // A test that failed would leave it waiting for more.
  afterEach(() => {
    for (const child of started.splice(0)) child.kill()
  })

  eachShell((shell) => {
    it('tells what comes and goes on a Mac', async () => {
      const lab = clientLab(shell, 'bsd')
      const mac = fakeMac({ console: 'al', who: [{ user: 'al', line: 'console' }] })
      lab.configure(...(['who', 'hdiutil', 'mount'] as const).map((name) => `tool-${name} ${mac.tools[name]}`))
      const watch = watching(lab)
      expect(await watch.next(), 'what there is').to.deep.equal(['login al', `mounted ${hex('/')}`])
      const image = join(lab.root, 'bob/b & b.sparsebundle')
      writeSparseBundle(image)
      const busy: FakeMacState = {
        who: [...['al', 'bob', 'bob'].map((user) => ({ user, line: 'console' }))],
        attached: [{ path: image }],
        volumes: [{ source: '/dev/disk4', point: '/Users/b (b) on', type: 'hfs', flags: ['local', 'nobrowse'] }],
      }
      mac.set(busy)
      const said = [
        ...['login bob', `attached ${hex(image)}`, `appeared ${hex(image)}`],
        ...[`mounted ${hex('/Users/b (b) on')}`, `unmounted ${hex('/')}`],
      ]
      expect(await watch.next()).to.have.members(said)
      mac.set({ ...busy, faults: { hdiutil: { code: 1 }, who: { code: 1 } } })
      expect((await watch.next()).map((line) => line.split(' ')[0])).to.deep.equal(['problem', 'problem'])
      mac.set({ who: [{ user: 'al', line: 'console' }] })
      rmSync(image, { recursive: true })
      expect(await watch.next()).to.have.members([
        ...['logout bob', `detached ${hex(image)}`, `vanished ${hex(image)}`],
        ...[`unmounted ${hex('/Users/b (b) on')}`, `mounted ${hex('/')}`],
      ])
      expect((await watch.end()).at(-1)).to.match(new RegExp(`^end ${nonce} partly \\d+$`))
    })

    it('tells images on Linux, counts its lines and ends with its input', async () => {
      const lab = clientLab(shell)
      const child = start(lab)
      const told: string[] = []
      const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })
      for await (const line of lines) {
        told.push(line)
        if (told.length === 2) writeSparseBundle(join(lab.root, 'a\nb.sparsebundle'))
        if (line.startsWith('appeared')) child.stdin?.end()
      }
      expect(told[0]).to.equal(`lbackup-filevault 1 ${nonce} watch`)
      expect(told).to.include(`appeared ${hex(join(lab.root, 'a\nb.sparsebundle'))}`)
      expect(told.at(-1)).to.equal(`end ${nonce} ok ${String(told.length - 2)}`)
    })

    it('looks a last time when its input is closed', async () => {
      const lab = clientLab(shell)
      const child = lab.start('watch', ['99999'])
      started.push(child)
      const told: string[] = []
      const image = join(lab.root, 'late.sparsebundle')
      for await (const line of createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })) {
        told.push(line)
        if (!line.startsWith('tick') || told.some((one) => one.startsWith('appeared'))) continue
        writeSparseBundle(image)
        child.stdin?.end()
      }
      expect(told.slice(-3, -1)).to.include(`appeared ${hex(image)}`)
    })

    it('takes nothing for gone where the program that tells of it was killed', async () => {
      const lab = clientLab(shell, 'bsd')
      const mac = fakeMac({ attached: [{ path: join(lab.root, 'bob.sparsebundle') }] })
      const killed = join(lab.folder, 'killed')
      writeFileSync(killed, `#!/bin/sh\nkill -KILL "$PPID"\n`, { mode: 0o755 })
      const hdiutil = join(lab.folder, 'hdiutil')
      writeFileSync(
        hdiutil,
        `#!/bin/sh\nif [ -e '${lab.folder}/kill' ]; then exec '${killed}'; fi\nexec '${mac.tools.hdiutil}' "$@"\n`,
        { mode: 0o755 },
      )
      lab.configure(
        `tool-hdiutil ${hdiutil}`,
        ...(['who', 'mount'] as const).map((name) => `tool-${name} ${mac.tools[name]}`),
      )
      const watch = watching(lab)
      expect(await watch.next()).to.include(`attached ${hex(join(lab.root, 'bob.sparsebundle'))}`)
      writeFileSync(join(lab.folder, 'kill'), '')
      expect(await watch.next()).to.deep.equal(['problem It cannot be found out what is there (attached).'])
      await watch.end()
    })

    it('tells that it came late', async () => {
      const lab = clientLab(shell)
      const [clock, date] = [join(lab.folder, 'clock'), join(lab.folder, 'date')]
      writeFileSync(clock, '1000\n')
      writeFileSync(date, `#!/bin/sh\nexec cat '${clock}'\n`, { mode: 0o755 })
      lab.configure(`tool-date ${date}`)
      const child = start(lab)
      const told: string[] = []
      for await (const line of createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })) {
        told.push(line)
        if (line === 'tick 1000') writeFileSync(clock, '5000\n')
        if (line === 'tick 5000') child.stdin?.end()
      }
      expect(told).to.include('gap 4000')
      expect(told.indexOf('gap 4000')).to.be.lessThan(told.indexOf('tick 5000'))
    })
  })
})
