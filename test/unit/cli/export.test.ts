import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Buffer } from 'node:buffer'
import { expect } from 'chai'
import { content } from '../../support/image-writer/content.js'
import { writeDiskBundle, type BundleOptions } from '../../support/image-writer/disk-image.js'
import { fakeMac } from '../../support/fake-mac.js'
import { smallDisk, unmountSmallDisks } from '../../support/fault/small-disk.js'
import { protect } from '../../support/protect.js'
import { realImage } from '../../support/real-images.js'
import { makeLab } from '../../support/session/index.js'
import { temporaryFolder } from '../../support/temporary.js'
import { holdAsOrphan } from './orphan-holder.js'
import { runCli } from './run.js'

const program = fileURLToPath(new URL('../../../dist/lib/cli/bin.js', import.meta.url))
const mebibyte = 1024 * 1024
const passphrase = 'open sesame'
const encryption = { version: 'v2', passphrase } as const

/** A disk of 3 MiB with a hole of a MiB and a half. */
function disk(): Buffer {
  const bytes = Buffer.alloc(3 * mebibyte)
  content('front', mebibyte).copy(bytes)
  content('middle', 10_000).copy(bytes, 2 * mebibyte + 99_999)
  content('back', 5000).copy(bytes, 3 * mebibyte - 5000)
  bytes.writeUInt16BE(0x55aa, 510)
  return bytes
}

function bundle(options: Partial<BundleOptions> = {}, bytes = disk(), folder = temporaryFolder()): string {
  const path = join(folder, 'A.sparsebundle')
  writeDiskBundle(path, bytes, { bandSize: mebibyte, ...options })
  return path
}

function passphraseFile(text = `${passphrase}\nsecond line`, mode = 0o600): string {
  const file = join(temporaryFolder(), 'passphrase')
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

const target = (): string => join(temporaryFolder(), 'disk')

describe('export', function () {
  this.timeout(60_000)
  afterEach(unmountSmallDisks)

  it('writes the disk of a plain image, with its holes, and tells how much of it was never written', async () => {
    const to = target()
    const { code, stdout, stderr } = await runCli('export', bundle(), '-o', to)
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(stdout).to.match(
      /^The disk of .*A\.sparsebundle is exported to .*disk: 3\.0 MiB, 1\.0 MiB of it never written\.\n$/,
    )
    expect(readFileSync(to).equals(disk())).to.equal(true)
    const { mode, blocks } = statSync(to)
    expect(mode & 0o777).to.equal(0o600)
    expect(blocks * 512).to.be.below(1.5 * mebibyte)
    expect(readdirSync(join(to, '..'))).to.deep.equal(['disk'])
  })

  it('opens an encrypted image with the first line of a file, and leaves nothing where it is the wrong one', async () => {
    const [image, to] = [bundle({ encryption }), target()]
    const wrong = await runCli('export', image, '-o', to, '--passphrase-file', passphraseFile('open sesam'))
    expect(wrong).to.deep.include({ code: 2, stdout: '' })
    expect(wrong.stderr).to.match(/A\.sparsebundle is not opened by this passphrase\.\n/)
    expect(readdirSync(join(to, '..'))).to.deep.equal([])
    const none = await runCli('export', image, '-o', to)
    expect(none.code).to.equal(2)
    expect(none.stderr).to.include('is encrypted, and no passphrase was given')
    expect((await runCli('export', image, '-o', to, '--passphrase-file', passphraseFile())).code).to.equal(0)
    expect(readFileSync(to).equals(disk())).to.equal(true)
  })

  it('takes no passphrase from a file that others may read, that is a link, or that is empty; and tells nothing of it', async () => {
    const image = bundle({ encryption })
    for (const [text, mode, says] of [
      [`${passphrase}\n`, 0o640, 'has mode 640: others may read or change it'],
      [`${passphrase}\n`, 0o602, 'has mode 602'],
      ['\n', 0o600, 'is empty'],
      ['\0', 0o600, 'is empty'],
      [`${'long'.repeat(1100)}\n`, 0o600, 'has more than 4096 bytes in its first line'],
    ] as const) {
      const { code, stdout, stderr } = await runCli(
        'export',
        image,
        '-o',
        target(),
        '--passphrase-file',
        passphraseFile(text, mode),
      )
      expect(code).to.equal(2)
      expect(stderr).to.include(says)
      expect(stdout + stderr).to.not.match(/sesame|longlong/)
    }
    const from = async (file: string): Promise<string> => {
      const { code, stderr } = await runCli('export', image, '-o', target(), '--passphrase-file', file)
      expect(code).to.equal(2)
      return stderr
    }
    expect(await from('/nowhere/passphrase')).to.include('/nowhere/passphrase is not there')
    const link = join(temporaryFolder(), 'link')
    symlinkSync(passphraseFile(), link)
    expect(await from(link)).to.include('is a symbolic link')
    if (process.getuid?.() !== 0) return
    const foreign = passphraseFile()
    chownSync(foreign, 12_345, 0)
    expect(await from(foreign)).to.include('belongs to user id 12345')
  })

  it('reads a passphrase from a descriptor that need not end, and writes into a pipe', async () => {
    const image = bundle({ encryption })
    const args = [program, 'export', image, '-o', '-', '--passphrase-fd', '3']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
    // Held open: only the end of the line ends it.
    const [, stdout, stderr, secret] = child.stdio as unknown as [
      null,
      NodeJS.ReadableStream,
      NodeJS.ReadableStream,
      NodeJS.WritableStream,
    ]
    secret.write(`${passphrase}\n`)
    const parts: Buffer[] = []
    stdout.on('data', (part: Buffer) => parts.push(part))
    let said = ''
    stderr.on('data', (part: Buffer) => (said += part.toString()))
    const [code] = (await once(child, 'close')) as [number]
    expect(code, said).to.equal(0)
    expect(Buffer.concat(parts).equals(disk())).to.equal(true)
    expect(said).to.match(/^The disk of .* is exported to standard output/)
    const script = `"$0" "$1" export "$2" -o - --passphrase-fd 7 7< "$3" > "$4"`
    const to = target()
    const shell = spawnSync('sh', ['-c', script, process.execPath, program, image, passphraseFile(), to])
    expect(shell.status).to.equal(0)
    expect(readFileSync(to).equals(disk())).to.equal(true)
    const closed = await runCli('export', image, '-o', target(), '--passphrase-fd', '999')
    expect(closed.code).to.equal(2)
    expect(closed.stderr).to.include('No passphrase can be read from descriptor 999 (EBADF)')
  })

  it('asks the keychain, of a Mac that is none', async () => {
    const mac = fakeMac({ faults: { security: { stdout: `${passphrase}\n` } } })
    const lab = makeLab()
    protect(lab, { platform: 'macos', tools: mac.tools })
    const [image, to] = [bundle({ encryption }), target()]
    const args = ['export', image, '-o', to, '--config', lab.configurationFile, '--passphrase-keychain', 'Bob’s home']
    expect(await runCli(...args)).to.deep.include({ code: 0, stderr: '' })
    expect(readFileSync(to).equals(disk())).to.equal(true)
    expect(mac.calls().filter(({ name }) => name === 'security')).to.deep.equal([
      { name: 'security', args: ['find-generic-password', '-s', 'Bob’s home', '-w'], input: '' },
    ])
    rmSync(to)
    mac.set({ faults: { security: { code: 44, stderr: 'The specified item could not be found in the keychain.\n' } } })
    const missing = await runCli(...args)
    expect(missing.code).to.equal(2)
    expect(missing.stderr).to.include('The keychain holds no password of the service "Bob’s home"')
    mac.set({ faults: { security: { code: 1, stdout: passphrase, stderr: 'User interaction is not allowed.\n' } } })
    const locked = await runCli(...args)
    expect(locked.stderr).to.match(/The keychain gives no passphrase: .*User interaction is not allowed/)
    expect(locked.stderr).to.not.include(passphrase)
  })

  it('finds the passphrase by the settings, for the images they name', async () => {
    const lab = makeLab()
    const image = bundle({ encryption })
    const entries = (path: string): Record<string, unknown> => ({
      passphrases: [
        { match: { path: '/nowhere' }, file: '/nowhere/passphrase' },
        { match: { path }, file: passphraseFile() },
      ],
    })
    protect(lab, entries(join(image, '..')))
    const to = target()
    const args = ['export', image, '-o', to, '--config', lab.configurationFile]
    expect((await runCli(...args)).code).to.equal(0)
    expect(readFileSync(to).equals(disk())).to.equal(true)
    rmSync(to)
    protect(lab, entries('/elsewhere'))
    expect((await runCli(...args)).stderr).to.include('no passphrase was given')
  })

  it('overwrites nothing, not even what another export has begun', async () => {
    const to = target()
    writeFileSync(to, 'mine')
    const before = statSync(join(to, '..')).mtimeMs
    const taken = await runCli('export', bundle(), '-o', to)
    // Known before anything is read, and so before a part of it lies there.
    expect(statSync(join(to, '..')).mtimeMs).to.equal(before)
    expect(taken.code).to.equal(2)
    expect(taken.stderr).to.include('is there already, and is not overwritten')
    expect(readFileSync(to, 'utf8')).to.equal('mine')
    rmSync(to)
    writeFileSync(`${to}.partial`, 'half')
    expect((await runCli('export', bundle(), '-o', to)).stderr).to.include('another export is writing it')
    expect(readdirSync(join(to, '..'))).to.deep.equal(['disk.partial'])
  })

  it('refuses an image that is damaged or in use, unless it is told to go on', async () => {
    const damaged = bundle()
    writeFileSync(join(damaged, 'bands/1f'), 'outside')
    const used = bundle()
    holdAsOrphan(join(used, 'bands/0'))
    for (const [image, says] of [
      [damaged, 'is damaged: Band 1f lies outside'],
      [used, /is in use by .*sleep/],
    ] as const) {
      const to = target()
      const refused = await runCli('export', image, '-o', to)
      expect(refused.code).to.equal(2)
      expect(refused.stderr).to.match(new RegExp(says))
      expect(existsSync(to)).to.equal(false)
      const forced = await runCli('export', image, '-o', to, '--force')
      expect(forced.code).to.equal(1)
      expect(forced.stderr).to.match(/^WARNING! /)
      expect(readFileSync(to).equals(disk())).to.equal(true)
    }
  })

  it('writes one partition alone', async function () {
    const { file } = realImage(this, 'gpt-plain.sparseimage.tgz')
    const [whole, part] = [target(), target()]
    expect((await runCli('export', file, '-o', whole)).code).to.equal(0)
    const { code, stdout } = await runCli('export', file, '-o', part, '--partition', '1')
    expect(code).to.equal(0)
    expect(stdout).to.match(/^Partition 1 of /)
    // As the entry at the start of the third block says, with its first and its last block.
    const table = readFileSync(whole)
    const [first, last] = [table.readBigUInt64LE(1024 + 32), table.readBigUInt64LE(1024 + 40)].map(Number)
    const wanted = table.subarray((first as number) * 512, ((last as number) + 1) * 512)
    expect(wanted.length).to.be.above(0)
    expect(readFileSync(part).equals(wanted)).to.equal(true)
    const missing = await runCli('export', file, '-o', target(), '--partition', '7')
    expect(missing.code).to.equal(2)
    expect(missing.stderr).to.match(/There is no partition 7 in .*: the disk has 1\./)
  })

  it('uses several threads for a large encrypted disk, and every byte is in its place', async () => {
    const bytes = Buffer.alloc(70 * mebibyte + 512)
    for (const at of [0, 0.6, 1.2, 33.3, 50, 69.9]) content(String(at), 0.9 * mebibyte).copy(bytes, at * mebibyte)
    const [image, to] = [bundle({ encryption, bandSize: 3 * mebibyte }, bytes), target()]
    const { code } = await runCli('export', image, '-o', to, '--passphrase-file', passphraseFile())
    expect(code).to.equal(0)
    expect(readFileSync(to).equals(bytes)).to.equal(true)
    rmSync(join(image, 'bands/10'), { force: true })
    mkdirSync(join(image, 'bands/10'))
    const failed = await runCli('export', image, '-o', target(), '--force', '--passphrase-file', passphraseFile())
    expect(failed.code).to.equal(2)
    expect(failed.stderr).to.match(/bands\/10 is not a regular file/)
  })

  it('says in plain words that the reader went away, and that the disk is full', async function () {
    const image = bundle({ full: true })
    const script = `{ "$0" "$1" export "$2" -o - 2>"$3"; echo $? >"$3.code"; } | head -c 1000 >/dev/null`
    const said = target()
    spawnSync('sh', ['-c', script, process.execPath, program, image, said])
    expect(readFileSync(said, 'utf8')).to.match(/^lbackup-filevault: Whoever reads the output closed it/)
    expect(readFileSync(`${said}.code`, 'utf8')).to.equal('2\n')
    const folder = temporaryFolder()
    smallDisk(this.test?.ctx as Mocha.Context, folder)
    const full = await runCli('export', image, '-o', join(folder, 'disk'))
    expect(full.code).to.equal(2)
    expect(full.stderr).to.match(/disk cannot be written: the disk is full\.\nFree some space\./)
    expect(readdirSync(folder)).to.deep.equal([])
  })

  it('ends with 64 where it is called wrong, and with 3 where nothing is', async () => {
    const image = bundle()
    for (const args of [
      [],
      [image],
      [image, image, '-o', 'x'],
      [image, '-o', 'x', '--partition', '0'],
      [image, '-o', 'x', '--passphrase-fd', '1'],
      [image, '-o', 'x', '--passphrase-fd', 'three'],
      [image, '-o', 'x', '--passphrase-fd', '3', '--passphrase-file', 'f'],
    ]) {
      expect((await runCli('export', ...args)).code, args.join(' ')).to.equal(64)
    }
    expect((await runCli('export', '/nowhere/a.sparsebundle', '-o', target())).code).to.equal(3)
    // Nobody wants a disk on his screen.
    const { cli } = await import('../../../lib/cli/main.js')
    const quiet = (): void => undefined
    const onScreen = await cli(['export', image, '-o', '-'], { stdout: quiet, stderr: quiet, env: {}, columns: 80 })
    expect(onScreen).to.equal(64)
  })
})
