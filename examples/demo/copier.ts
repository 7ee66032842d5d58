// Stands in for rsync on a machine that has none: understands what LBackup and our hooks ask of it, and nothing else.
import * as fs from 'node:fs'
import { parseArgs } from 'node:util'
import { isCopied, parseRules, type Rule } from './copier-rules.js'

interface Order {
  readonly rules: readonly Rule[]
  /** LBackup's newest section; a file that is there already is linked and takes no room. */
  readonly linkFrom: string | undefined
  readonly windowSeconds: number
  readonly dry: boolean
  readonly tellNames: boolean
}

// A name is bytes; here, one character for each.
const bytes = (path: string): Buffer => Buffer.from(path, 'latin1')
const chars = (path: string): string => Buffer.from(path, 'utf8').toString('latin1')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    archive: { type: 'boolean', short: 'a' },
    'dry-run': { type: 'boolean', short: 'n' },
    stats: { type: 'boolean' },
    'delete-excluded': { type: 'boolean' },
    'modify-window': { type: 'string' },
    'exclude-from': { type: 'string' },
    'link-dest': { type: 'string' },
    'out-format': { type: 'string' },
  },
})
const [source, target, ...more] = positionals.map(chars)
if (source === undefined || target === undefined || more.length > 0) throw new Error('a source and a target are wanted')

const excludes = values['exclude-from']
const order: Order = {
  rules: excludes === undefined ? [] : parseRules(fs.readFileSync(excludes === '-' ? 0 : excludes, 'latin1')),
  linkFrom: values['link-dest'] === undefined ? undefined : chars(values['link-dest']),
  windowSeconds: Number(values['modify-window'] ?? 0),
  dry: values['dry-run'] ?? false,
  tellNames: values['out-format'] !== undefined,
}
const total = { files: 0, bytes: 0, copied: 0 }

if (!order.dry) fs.mkdirSync(bytes(target), { recursive: true })
if (source.endsWith('/')) copyFolder(source.slice(0, -1), target, '')
else copy(source, target, source.slice(source.lastIndexOf('/')))

if (values.stats === true) {
  process.stdout.write(
    `Number of files: ${String(total.files)}\nTotal transferred file size: ${String(total.copied)} bytes\n\n`,
  )
  const speedup = (total.bytes / Math.max(1, total.copied)).toFixed(2)
  // LBackup takes a copy for a success only when the fifth word of this last line is "speedup".
  process.stdout.write(`total size is ${String(total.bytes)}  speedup is ${speedup}\n`)
}

/** `seen` is the path for the rules, `/` before it; the copy goes below `to`. */
function copy(from: string, to: string, seen: string): void {
  const stats = fs.lstatSync(bytes(from))
  if (!isCopied(order.rules, seen, stats.isDirectory())) return
  if (order.tellNames) process.stdout.write(`${shown(seen.slice(1))}${stats.isDirectory() ? '/' : ''}\n`)
  total.files += 1
  const place = `${to}${seen}`
  if (stats.isDirectory()) {
    if (!order.dry) fs.mkdirSync(bytes(place), 0o700)
    copyFolder(from, to, seen)
    if (!order.dry) dress(place, stats)
  } else if (stats.isSymbolicLink()) {
    if (!order.dry) fs.symlinkSync(fs.readlinkSync(bytes(from), 'buffer'), bytes(place))
  } else if (stats.isFile()) copyFile(from, place, seen, stats)
  else process.stdout.write(`skipping ${shown(seen)}: neither a file, a folder nor a link\n`)
}

function copyFolder(from: string, to: string, seen: string): void {
  const names = fs.readdirSync(bytes(from), { encoding: 'buffer' }).map((name) => name.toString('latin1'))
  for (const name of names.sort()) copy(`${from}/${name}`, to, `${seen}/${name}`)
}

function copyFile(from: string, place: string, seen: string, stats: fs.Stats): void {
  total.bytes += stats.size
  if (order.dry) return
  const before = order.linkFrom === undefined ? undefined : `${order.linkFrom}${seen}`
  if (before !== undefined && unchanged(before, stats)) {
    fs.linkSync(bytes(before), bytes(place))
    return
  }
  fs.copyFileSync(bytes(from), bytes(place))
  dress(place, stats)
  total.copied += stats.size
}

function unchanged(before: string, stats: fs.Stats): boolean {
  const old = fs.lstatSync(bytes(before), { throwIfNoEntry: false })
  return (
    old?.isFile() === true &&
    old.size === stats.size &&
    old.mode === stats.mode &&
    old.uid === stats.uid &&
    old.gid === stats.gid &&
    Math.abs(old.mtimeMs - stats.mtimeMs) <= order.windowSeconds * 1000
  )
}

/** Owner, mode and times as at the source. */
function dress(place: string, stats: fs.Stats): void {
  if (process.geteuid?.() === 0) fs.chownSync(bytes(place), stats.uid, stats.gid)
  fs.chmodSync(bytes(place), stats.mode & 0o7777)
  fs.utimesSync(bytes(place), stats.atimeMs / 1000, stats.mtimeMs / 1000)
}

/** As rsync writes a name. */
function shown(name: string): string {
  return name.replace(
    /[^\x20-\x7e]|\\(?=#[0-7]{3})/g,
    (char) => `\\#${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
}
