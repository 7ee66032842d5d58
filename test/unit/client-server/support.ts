import type { Buffer } from 'node:buffer'
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readAnswer, type Answer } from '../../../lib/client/answer.js'
import { readLook } from '../../../lib/client/look-answer.js'
import type { ClientLook } from '../../../lib/client/look-type.js'
import { readFingerprints, type ClientMembers } from '../../../lib/client/members.js'
import { toHex, type Verb } from '../../../lib/client/words.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const parts = fileURLToPath(new URL('../../../client/', import.meta.url))

export const nonce = 'fedcba9876543210'

/** The client's real program, on this machine, with one root. */
export interface LocalClient {
  /** What it prints. */
  printed(verb: Verb, words?: readonly string[], input?: string): Buffer
  answer(verb: Verb, words?: readonly string[], input?: string): Answer
  look(): ClientLook
  members(look: ClientLook): ReadonlyMap<RawPath, ClientMembers>
}

/** Given a root and more lines for client.conf, install the program in a folder of its own. */
export function localClient(root: string, ...lines: string[]): LocalClient {
  const folder = join(temporaryFolder(), 'program')
  mkdirSync(folder, { mode: 0o755 })
  chmodSync(join(folder, '..'), 0o755)
  for (const name of readdirSync(parts).filter((one) => !one.endsWith('.md'))) {
    copyFileSync(join(parts, name), join(folder, name))
    chmodSync(join(folder, name), 0o755)
  }
  writeFileSync(join(folder, 'client.conf'), [`root ${root}`, ...lines, ''].join('\n'), { mode: 0o644 })
  const printed = (verb: Verb, words: readonly string[] = [], input = ''): Buffer => {
    const result = spawnSync(join(folder, 'lbackup-filevault-client'), ['1', nonce, verb, ...words], {
      input,
      env: {},
      maxBuffer: 256 * 1024 * 1024,
    })
    if (result.error !== undefined) throw result.error
    return result.stdout
  }
  const answer = (verb: Verb, words?: readonly string[], input?: string): Answer => {
    const read = readAnswer(printed(verb, words, input), nonce, verb)
    if (typeof read === 'string') throw new Error(`${verb} is ${read}`)
    return read
  }
  return {
    printed,
    answer,
    look: () => readLook(answer('look', [toHex(fromText(root))])),
    members: ({ images }) =>
      readFingerprints(
        answer(
          'fingerprints',
          images.map(({ path }) => toHex(path)),
        ),
        new Map(images.map(({ path, container }) => [path, container])),
      ).images,
  }
}
