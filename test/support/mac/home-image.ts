import { Buffer } from 'node:buffer'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { content } from '../image-writer/content.js'
import { v2Header } from '../image-writer/encryption-header.js'
import { mebibyte, writeSparseBundle } from '../image-writer/sparse-bundle.js'
import type { Random } from './random.js'

export type ImageKind = 'sparsebundle' | 'sparseimage'

export const sector = 512
const virtualBytes = 64 * mebibyte
/** Where the data of an encrypted image of one file begins. */
export const dataOffset = 122_368

/** Given a path, a kind and a seed, write an encrypted image there as a FileVault home has it. */
export function writeHomeImage(path: string, kind: ImageKind, seed: string): void {
  if (kind === 'sparsebundle') {
    const bands = [0, 1, 3, 5, 8].map((index) => ({ index, length: 128 * sector }))
    writeSparseBundle(path, { seed, bands, virtualBytes, token: v2Header(seed) })
    return
  }
  const dataLength = 256 * sector
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, Buffer.concat([v2Header(seed, { dataLength }), content(seed, dataLength)]))
}

/** One step of writing into an image: which file of it, and what is done to it. */
export interface Step {
  readonly file: string
  readonly apply: () => void
}

/**
 * Given an image and random numbers, return the steps of what a mounted volume does to it: bytes of a member change in
 * place, a member grows, and in a bundle a band is added.
 */
export function writingSteps(path: string, kind: ImageKind, seed: string, random: Random): Step[] {
  return kind === 'sparsebundle' ? bundleSteps(path, seed, random) : fileSteps(path, seed, random)
}

function bundleSteps(path: string, seed: string, random: Random): Step[] {
  const names = readdirSync(join(path, 'bands')).sort((a, b) => Number.parseInt(a, 16) - Number.parseInt(b, 16))
  const band = (name: string): string => join(path, 'bands', name)
  const changed = band(random.pick(names))
  const grown = band(random.pick(names))
  const free = Array.from({ length: virtualBytes / mebibyte }, (_, index) => index.toString(16)).filter(
    (name) => !names.includes(name),
  )
  const added = band(random.pick(free))
  return [
    {
      file: changed,
      apply: () => overwrite(changed, content(`${seed} changed`, 4 * sector), random.below(120) * sector),
    },
    { file: grown, apply: () => overwrite(grown, content(`${seed} grown`, 2 * sector), statSync(grown).size) },
    { file: added, apply: () => writeFileSync(added, content(`${seed} added`, 8 * sector)) },
  ]
}

function fileSteps(path: string, seed: string, random: Random): Step[] {
  const dataLength = statSync(path).size - dataOffset
  const place = dataOffset + random.below(dataLength / sector - 4) * sector
  return [
    { file: path, apply: () => overwrite(path, content(`${seed} changed`, 4 * sector), place) },
    {
      file: path,
      // The header's length and the data in one step: apart, every moment in between would be a damaged image.
      apply: () => {
        overwrite(path, content(`${seed} grown`, 8 * sector), dataOffset + dataLength)
        const length = Buffer.alloc(8)
        length.writeBigUInt64BE(BigInt(dataLength + 8 * sector))
        overwrite(path, length, 56)
      },
    },
  ]
}

function overwrite(path: string, bytes: Buffer, at: number): void {
  const file = openSync(path, 'r+')
  try {
    if (at > statSync(path).size) ftruncateSync(file, at)
    writeSync(file, bytes, 0, bytes.length, at)
  } finally {
    closeSync(file)
  }
}

/** Given a file and a time in seconds, set its times. */
export const setTime = (path: string, seconds: number): void => utimesSync(path, seconds, seconds)
