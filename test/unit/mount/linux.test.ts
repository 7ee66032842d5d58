import { execFileSync } from 'node:child_process'
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { expect } from 'chai'
import { lookAtUsage, type UsageOptions } from '../../../lib/mount/look.js'
import type { Usage, UsageSubject } from '../../../lib/mount/usage.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromLatin1, fromText, join, type RawPath } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'
import { hold, makeBundle, makeImage, needsLinuxAsRoot, started, subject } from './holder.js'

const linux = realSystem({ platform: 'linux', commandSeconds: 10 })

async function look(subjects: UsageSubject[], options: Partial<UsageOptions> = {}): Promise<Usage[]> {
  const usages = await lookAtUsage(linux, subjects, { excludePids: [], quietSeconds: 2, ...options })
  return subjects.map(({ path }) => usages.get(path) as Usage)
}

const folder = (): RawPath => fromText(temporaryFolder())

describe('what uses an image on Linux', () => {
  before(function () {
    needsLinuxAsRoot(this)
  })

  it('an image nobody has open is detached, and it is said how far we looked', async () => {
    const [usage] = await look([makeBundle(join(folder(), 'bob.sparsebundle'))])
    expect(usage?.state).to.equal('detached')
    expect(usage?.usedBy).to.deep.equal([])
    expect(usage?.evidence[0]).to.match(/^looked into the open files of \d+ processes/u)
  })

  for (const member of ['Info.plist', 'Info.bckup', 'token', 'lock', 'bands/1f']) {
    it(`a process that has ${member} open uses the bundle`, async () => {
      const bundle = makeBundle(join(folder(), 'bob.sparsebundle'))
      const pid = hold(join(bundle.path, member))
      const [usage] = await look([bundle])
      expect(usage?.state).to.equal('attached')
      expect(usage?.evidence).to.include(`${member} open in sleep (pid ${String(pid)})`)
      expect(usage?.usedBy).to.deep.equal([`sleep (pid ${String(pid)})`])
    })
  }

  it('a process that has the file open uses the sparse image', async () => {
    const image = makeImage(join(folder(), 'old.sparseimage'))
    const pid = hold(image.path, 'r+')
    const [usage] = await look([image])
    expect(usage?.state).to.equal('attached')
    expect(usage?.evidence[0]).to.equal(`old.sparseimage open in sleep (pid ${String(pid)})`)
  })

  it('the user of the process is named', async () => {
    const bundle = makeBundle(join(folder(), 'bob.sparsebundle'))
    const passwd = join(folder(), 'passwd')
    writeFileSync(passwd, 'root:x:0:0::/root:/bin/sh\nbob:x:61234:61234::/:/bin/sh\n')
    const descriptor = openSync(join(bundle.path, 'token'), 'r')
    // Prints a line once it runs, and stays.
    const words = ['--reuid=61234', '--clear-groups', 'tail', '-n', '1', '-f', '/etc/passwd']
    const pid = await started('setpriv', words, [descriptor])
    closeSync(descriptor)
    const [usage] = await look([bundle], { places: { passwd } })
    expect(usage?.usedBy).to.deep.equal(['bob', `tail (pid ${String(pid)})`])
  })

  it('our own processes and their children do not count', async () => {
    const bundle = makeBundle(join(folder(), 'bob.sparsebundle'))
    hold(join(bundle.path, 'token'))
    const [usage] = await look([bundle], { excludePids: [process.pid] })
    expect(usage?.state).to.equal('detached')
  })

  it('of two images whose paths begin alike, only the one that is open is in use', async () => {
    const place = folder()
    const short = makeBundle(join(place, 'bob.sparsebundle'))
    const long = makeBundle(join(place, 'bob.sparsebundle2'))
    const image = makeImage(join(place, 'bob.sparsebundle.sparseimage'))
    hold(join(long.path, 'bands/1f'))
    const states = (await look([short, long, image])).map(({ state }) => state)
    expect(states).to.deep.equal(['detached', 'attached', 'detached'])
  })

  for (const name of ['new\nline', 'caf\u00e9', 'b\u00ff(deleted) \\012']) {
    it(`any bytes may stand in the name: ${JSON.stringify(name)}`, async () => {
      const place = folder()
      const bundle = makeBundle(join(place, fromLatin1(`${name}.sparsebundle`)))
      const image = makeImage(join(place, fromLatin1(`${name}.sparseimage`)))
      const other = makeBundle(join(place, 'other.sparsebundle'))
      hold(join(bundle.path, 'bands/0'))
      hold(image.path)
      const states = (await look([bundle, image, other])).map(({ state }) => state)
      expect(states).to.deep.equal(['attached', 'attached', 'detached'])
    })
  }

  it('an open band that was deleted still counts', async () => {
    const bundle = makeBundle(join(folder(), 'bob.sparsebundle'))
    hold(join(bundle.path, 'bands/1f'))
    unlinkSync(join(bundle.path, 'bands/1f'))
    const [usage] = await look([bundle])
    expect(usage?.state).to.equal('attached')
  })

  it('a bundle renamed while it is open is found at its new place', async () => {
    const place = folder()
    const bundle = makeBundle(join(place, 'bob.sparsebundle'))
    hold(join(bundle.path, 'bands/0'))
    mkdirSync(join(place, '.bob'))
    renameSync(bundle.path, join(place, '.bob/bob.sparsebundle'))
    const [usage] = await look([subject(join(place, '.bob/bob.sparsebundle'), 'sparse-bundle')])
    expect(usage?.state).to.equal('attached')
  })

  it('a file opened by another of its names counts', async () => {
    const place = folder()
    const image = makeImage(join(place, 'old.sparseimage'))
    linkSync(image.path, join(place, 'a name of its own'))
    hold(join(place, 'a name of its own'))
    const [usage] = await look([image])
    expect(usage?.state).to.equal('attached')
  })

  it('a band reached through a bind mount counts, and one of the same name elsewhere does not', async () => {
    const place = folder()
    const bundle = makeBundle(join(place, 'bob.sparsebundle'))
    const other = makeBundle(join(place, 'alice.sparsebundle'))
    const view = join(place, 'view')
    mkdirSync(view)
    execFileSync('mount', ['--bind', bundle.path, view])
    try {
      hold(join(view, 'bands/1f'))
    } finally {
      execFileSync('umount', ['--lazy', view])
    }
    const states = (await look([bundle, other])).map(({ state }) => state)
    expect(states).to.deep.equal(['attached', 'detached'])
  })

  it('other files in a bundle, and its folders, do not count', async () => {
    const bundle = makeBundle(join(folder(), 'bob.sparsebundle'))
    writeFileSync(join(bundle.path, 'notes'), 'x')
    hold(join(bundle.path, 'notes'))
    hold(join(bundle.path, 'bands'))
    const [usage] = await look([bundle])
    expect(usage?.state).to.equal('detached')
  })

  it('a file mapped for writing counts after its descriptor was closed', async () => {
    const bundle = makeBundle(join(folder(), 'bob.sparsebundle'))
    const script = [
      'import mmap, os, sys, time',
      'file = os.open(sys.argv[1], os.O_RDWR)',
      'view = mmap.mmap(file, 0)',
      'os.close(file)',
      // Python keeps a duplicate of the descriptor.
      '[os.close(int(name)) for name in os.listdir("/proc/self/fd") if int(name) > 2 and os.path.exists("/proc/self/fd/" + name)]',
      'print("ready", flush=True)',
      'time.sleep(1000)',
    ]
    const pid = await started('python3', ['-c', script.join('\n'), join(bundle.path, 'bands/0')])
    const [usage] = await look([bundle])
    expect(usage?.evidence[0]).to.match(new RegExp(`^bands/0 open in python3.* \\(pid ${String(pid)}\\)`, 'u'))
  })

  it('a lock is the use of the process that holds it', async () => {
    const bundle = makeBundle(join(folder(), 'bob.sparsebundle'))
    await started('flock', [join(bundle.path, 'lock'), 'sh', '-c', 'echo ready; exec sleep 1000'])
    const [usage] = await look([bundle])
    expect(usage?.state).to.equal('attached')
    expect(usage?.evidence.join('\n')).to.match(/^lock locked by flock \(pid \d+\)$/mu)
  })

  it('a lock whose taker has ended is explained by the process that kept the file open', async () => {
    const bundle = makeBundle(join(folder(), 'bob.sparsebundle'))
    const script = 'exec 9<>"$0"; flock -n 9; echo ready; exec sleep 1000'
    await started('sh', ['-c', script, join(bundle.path, 'token')])
    const [usage] = await look([bundle])
    expect(usage?.state).to.equal('attached')
    expect(usage?.evidence.join()).not.to.include('no process')
    const [ours] = await look([bundle], { excludePids: [process.pid] })
    expect(ours?.state).to.equal('detached')
  })

  it('two looks that differ make it changing, two equal ones nothing', async () => {
    const bundle = makeBundle(join(folder(), 'bob.sparsebundle'))
    const looks = { first: 'a', second: 'b', secondsApart: 3 }
    const [changing] = await look([{ ...bundle, looks }])
    expect(changing?.state).to.equal('changing')
    expect(changing?.evidence).to.include('it changed within 3 s, between two looks at it')
    const pid = hold(join(bundle.path, 'token'))
    const [attached] = await look([{ ...bundle, looks }])
    expect(attached?.state).to.equal('attached')
    const [used] = await look([{ ...bundle, looks: { ...looks, second: 'a' } }])
    expect(used?.state).to.equal('attached')
    expect(used?.usedBy).to.deep.equal([`sleep (pid ${String(pid)})`])
  })

  it('an image that was moved, replaced, or swapped for a link meanwhile is changing', async () => {
    const place = folder()
    const moved = makeBundle(join(place, 'a.sparsebundle'))
    const replaced = makeBundle(join(place, 'b.sparsebundle'))
    const linked = makeBundle(join(place, 'c.sparsebundle'))
    const image = makeImage(join(place, 'd.sparseimage'))
    renameSync(moved.path, join(place, 'gone'))
    renameSync(replaced.path, join(place, 'away'))
    makeBundle(replaced.path)
    renameSync(linked.path, join(place, 'target'))
    symlinkSync(join(place, 'target'), linked.path)
    rmSync(image.path)
    const states = (await look([moved, replaced, linked, image])).map(({ state }) => state)
    expect(states).to.deep.equal(['changing', 'changing', 'changing', 'changing'])
  })

  it('members known from the structure look are found under any name', async () => {
    const bundle = makeBundle(join(folder(), 'bob.sparsebundle'))
    const band = join(bundle.path, 'bands/1f')
    const { inode } = subject(band, 'sparse-image')
    linkSync(band, join(bundle.path, 'bands/0x'))
    const members = new Map([[bundle.path, new Set([inode])]])
    hold(join(bundle.path, 'bands/0x'))
    const [usage] = await look([bundle], { members })
    expect(usage?.state).to.equal('attached')
  })

  it('no image, no work', async () => {
    expect(await look([])).to.deep.equal([])
  })
})
