// A FUSE file system with one file, as sparsebundlefs makes it: `node bundle-fuse.js BUNDLE MOUNTPOINT`. The file is the
// bundle's first band; the bundle's Info.plist stays open as long as it is mounted. Speaks the kernel's protocol
// (linux/fuse.h, 7.31) so that no library is needed. Prints `mounted`; ends when it is unmounted.
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { openSync, read, readSync, fstatSync, writeSync } from 'node:fs'
import process from 'node:process'

const [bundle, mountPoint] = process.argv.slice(2)
openSync(`${bundle}/Info.plist`, 'r')
const band = openSync(`${bundle}/bands/0`, 'r')
const { size } = fstatSync(band)
const name = 'sparsebundle.dmg'
const device = openSync('/dev/fuse', 'r+')
const request = Buffer.alloc(256 * 1024)
const notFound = -2
const notMade = -38

const options = `fd=3,rootmode=40000,user_id=0,group_id=0,allow_other`
const mount = spawn('mount', ['-i', '-t', 'fuse', '-o', options, 'sparsebundlefs', mountPoint], {
  stdio: ['ignore', 'inherit', 'inherit', device],
})
mount.on('exit', (code) => process.stdout.write(code === 0 ? 'mounted\n' : `failed ${String(code)}\n`))
next()

function next() {
  read(device, request, 0, request.length, null, (error, length) => {
    if (error?.code === 'ENODEV') process.exitCode = 0
    else {
      if (!error && length >= 40) answer()
      next()
    }
  })
}

function answer() {
  const opcode = request.readUInt32LE(4)
  const node = Number(request.readBigUInt64LE(16))
  const make = opcodes[opcode]
  if (make === null) return
  const body = make === undefined ? notMade : make(node, request.subarray(40, request.readUInt32LE(0)))
  const header = Buffer.alloc(16)
  const failed = typeof body === 'number'
  header.writeUInt32LE(16 + (failed ? 0 : body.length), 0)
  header.writeInt32LE(failed ? body : 0, 4)
  request.copy(header, 8, 8, 16)
  writeSync(device, failed ? header : Buffer.concat([header, body]))
}

function attributes(node) {
  const bytes = Buffer.alloc(88)
  bytes.writeBigUInt64LE(BigInt(node), 0)
  bytes.writeBigUInt64LE(BigInt(node === 1 ? 0 : size), 8)
  bytes.writeUInt32LE(node === 1 ? 0o40755 : 0o100444, 60)
  bytes.writeUInt32LE(1, 64)
  bytes.writeUInt32LE(4096, 80)
  return bytes
}

function words(length, ...values) {
  const bytes = Buffer.alloc(length)
  values.forEach((value, at) => bytes.writeUInt32LE(value, at * 4))
  return bytes
}

const opened = () => Buffer.alloc(16)
const nothing = () => Buffer.alloc(0)

const opcodes = {
  1: (_, body) => {
    if (body.toString('latin1') !== `${name}\0`) return notFound
    const entry = Buffer.alloc(40)
    entry.writeBigUInt64LE(2n, 0)
    return Buffer.concat([entry, attributes(2)])
  },
  2: null,
  3: (node) => Buffer.concat([Buffer.alloc(16), attributes(node)]),
  14: opened,
  15: (_, body) => {
    const bytes = Buffer.alloc(body.readUInt32LE(16))
    return bytes.subarray(0, readSync(band, bytes, 0, bytes.length, Number(body.readBigUInt64LE(8))))
  },
  17: () => words(80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4096, 255, 4096),
  18: nothing,
  25: nothing,
  26: () => words(64, 7, 31, 65536, 0, 0, 131072, 1),
  27: opened,
  29: nothing,
  36: null,
  38: nothing,
  42: null,
}
