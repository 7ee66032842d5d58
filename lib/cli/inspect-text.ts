import type { InspectedKey, InspectedTimeMachine, InspectedVolume, Inspection } from '../generated/inspection.js'
import { drawMap, mapBands, type MappedBands } from '../report/band-map.js'
import { count, list, size } from '../text/measure.js'
import { findingsText } from './findings.js'
import { encryptionWords, kindWords } from './image-words.js'

/** Given an inspection, return it for people: one screen. */
export function inspectionText(report: Inspection): string {
  const { path, container, recognised, identity, ownerUid, usage, newestChange, timeMachine, findings } = report
  const used = usage.usedBy.length === 0 ? '' : ` by ${list(usage.usedBy)}`
  const lines = [
    path,
    `kind          ${kindWords(container)}${recognised ? '' : ', by its name only'}`,
    `encryption    ${encryption(report)}`,
    `identity      ${identity}`,
    `size          ${sizes(report)}`,
    `bands         ${bands(report)}`,
    `owner         user id ${String(ownerUid)}`,
    `last change   ${newestChange}`,
    ...(timeMachine === undefined ? [] : [`time machine  ${timeMachineWords(timeMachine)}`]),
    `in use        ${usage.state.replaceAll('-', ' ')}${used}: ${list(usage.evidence)}`,
    ...(usage.mountPoints.length === 0 ? [] : [`mounted on    ${list(usage.mountPoints)}`]),
    ...inside(report),
  ]
  const read = report.inside.notRead === undefined ? '; of the disk inside, maps and headers were read' : ''
  const fine = `Its structure is complete${read}; what lies in its bands was not read.\n`
  return `${lines.map((line) => `${line}\n`).join('')}\n${findings.length === 0 ? fine : findingsText(findings)}`
}

function encryption({ encryption: kind, header }: Inspection): string {
  if (header === undefined) return encryptionWords(kind)
  const { cipher, blockSize, keys } = header
  return `${encryptionWords(kind)}, ${cipher}, blocks of ${String(blockSize)} bytes; opened by ${keyWords(keys)}`
}

function keyWords(keys: readonly InspectedKey[]): string {
  const words = keys.slice(0, 5).map(({ kind, rounds }) => {
    const what = kind === 'unknown' ? 'something unknown' : `a ${kind}`
    return rounds === undefined ? what : `${what} (${String(rounds)} rounds)`
  })
  return list(keys.length > 5 ? [...words, `${String(keys.length - 5)} more`] : words)
}

const sizes = ({ counts: { bytes, members, virtualBytes, allocated } }: Inspection): string =>
  `${size(bytes)} in ${count(members, 'member')}, ${size(allocated)} allocated; a disk of ${size(virtualBytes)}`

function bands({ container, encryption: kind, counts, inside: { notRead } }: Inspection): string {
  const { bands: there, possibleBands, shortBands } = counts
  if (container === 'sparse-image' && kind !== 'none' && notRead !== undefined) return 'not known without the key'
  const missing = possibleBands - there
  const notes = [
    ...(missing > 0 ? [`${String(missing)} never written`] : []),
    ...(shortBands > 0 ? [`${String(shortBands)} short`] : []),
  ]
  return `${String(there)} of ${String(possibleBands)}${notes.length === 0 ? '' : `; ${list(notes)}`}`
}

function timeMachineWords({ state, checked, backups, newestBackup }: InspectedTimeMachine): string {
  const verdict =
    state === 2 ? 'found it DAMAGED' : state === undefined ? 'says nothing of its state' : 'knows no damage'
  return [
    `${verdict}${checked === undefined ? '' : ` (${checked})`}`,
    ...(backups === undefined ? [] : [count(backups, 'backup')]),
    ...(newestBackup === undefined ? [] : [`the newest of ${newestBackup}`]),
  ].join(', ')
}

const mostListed = 8

function inside({ inside: { notRead, partitions, volumes } }: Inspection): string[] {
  if (notRead !== undefined) return [`inside        not read: ${notRead}`]
  const parts = partitions.slice(0, mostListed).map(({ index, scheme, type, name, length }) => {
    const own = volumes.filter(({ partition }) => partition === index).map(volumeWords)
    const called = name === '' ? '' : ` "${name}"`
    const what = own.length === 0 ? `${scheme} ${type}${called}` : `${scheme}${called}: ${list(own)}`
    return `${String(index)}: ${size(length)}, ${what}`
  })
  const rest = partitions.length > mostListed ? [`and ${String(partitions.length - mostListed)} partitions more`] : []
  const bare = volumes.filter(({ partition }) => partition === null).map(volumeWords)
  const lines = [...parts, ...rest, ...bare]
  if (lines.length === 0) return ['inside        nothing that is known here']
  return lines.map((line, at) => `${at === 0 ? 'inside' : ''}`.padEnd(14) + line)
}

const volumeWords = ({ kind, name, bytes, encrypted, clean }: InspectedVolume): string =>
  `${kind.toUpperCase()} ${name === '' ? 'without a name' : `"${name}"`} of ${size(bytes)}` +
  `${encrypted ? ', encrypted' : ''}${clean ? '' : ', not unmounted in order'}`

const usualColumns = 80

/** Given bands, and the width of the terminal where there is one, return a map of them with a line that explains it. */
export function mapText(bands: MappedBands | undefined, columns = usualColumns): string {
  if (bands === undefined) return '\nNo map: which bands are stored is not known.\n'
  const width = Math.max(16, Math.min(columns, 512))
  const map = mapBands(bands, width)
  const each = map.bandsPerCell === 1 ? '1 band' : `${String(map.bandsPerCell)} bands`
  const bytes = size(map.bandsPerCell * bands.bandSize)
  const lines = [...drawMap(map, width), `Each character is ${each} (${bytes}): · nothing stored, ░ ▒ ▓ a part, █ all.`]
  return `\n${lines.map((line) => `${line}\n`).join('')}`
}
