import { closeSync, ftruncateSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { content } from '../image-writer/content.js'
import { dataOffset, sector, type ImageKind, type Step } from './home-image.js'
import type { Random } from './random.js'

/**
 * Given an image and random numbers, return the steps of what `hdiutil compact` does to it at a logout: bands are written
 * anew, and some vanish; an image of one file becomes shorter.
 */
export function compactingSteps(path: string, kind: ImageKind, seed: string, random: Random): Step[] {
  return kind === 'sparsebundle' ? bundleSteps(path, seed, random) : fileSteps(path)
}

function bundleSteps(path: string, seed: string, random: Random): Step[] {
  const names = readdirSync(join(path, 'bands'))
  // The first band holds the volume's own tables; it stays.
  const others = names.filter((name) => name !== '0').sort()
  const first = random.below(others.length)
  const chosen = [...others.slice(first), ...others.slice(0, first)].slice(0, 3)
  return chosen.map((name, at) => {
    const file = join(path, 'bands', name)
    const vanishes = at === 1 && others.length > 3
    return {
      file,
      apply: () => {
        if (vanishes) rmSync(file)
        else writeFileSync(file, content(`${seed} ${name}`, statSync(file).size), { flag: 'r+' })
      },
    }
  })
}

function fileSteps(path: string): Step[] {
  const apply = (): void => {
    const dataLength = statSync(path).size - dataOffset - 8 * sector
    const file = openSync(path, 'r+')
    try {
      const length = Buffer.alloc(8)
      length.writeBigUInt64BE(BigInt(dataLength))
      writeSync(file, length, 0, length.length, 56)
      ftruncateSync(file, dataOffset + dataLength)
    } finally {
      closeSync(file)
    }
  }
  return [
    { file: path, apply },
    { file: path, apply },
  ]
}
