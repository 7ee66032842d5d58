import type { Image } from '../image/image.js'
import { OperationalError } from '../finding/operational-error.js'
import type { RawPath } from '../text/raw-path.js'
import type { Answer, AnswerStatus } from './answer.js'
import { callClient } from './call.js'
import type { Client } from './client-type.js'
import { odd } from './line.js'
import { readLook } from './look-answer.js'
import type { ClientLook } from './look-type.js'
import { readFingerprints, type ClientFingerprints } from './members.js'
import { toHex, type Verb } from './words.js'

// A gate reads no longer commands than 64 KiB.
const mostWords = 24 * 1024

const usable: readonly AnswerStatus[] = ['ok', 'partly', 'missing', 'unreadable']

/** Given a client and what is to be looked at there (roots or images), return what it tells. Throws OperationalError. */
export async function lookAtClient(client: Client, paths: readonly RawPath[]): Promise<ClientLook> {
  const words = paths.map(toHex)
  // Where they are too many for one command, every root is looked at.
  const fits = words.join(' ').length <= mostWords
  const answer = await callClient(client, 'look', fits ? words : [])
  return readLook(demand(client, 'look', answer))
}

/** Given a client and images, return their members, by path. Throws OperationalError. */
export async function fingerprintsOf(
  client: Client,
  images: readonly Pick<Image, 'path' | 'container'>[],
): Promise<ClientFingerprints> {
  const found = new Map<
    RawPath,
    ClientFingerprints['images'] extends ReadonlyMap<RawPath, infer Members> ? Members : never
  >()
  let lookedAt = Infinity
  for (const some of inCalls(images)) {
    const answer = await callClient(
      client,
      'fingerprints',
      some.map(({ path }) => toHex(path)),
    )
    const read = readFingerprints(
      demand(client, 'fingerprints', answer),
      new Map(some.map(({ path, container }) => [path, container])),
    )
    for (const [path, members] of read.images) found.set(path, members)
    lookedAt = Math.min(lookedAt, read.lookedAt)
  }
  return { images: found, lookedAt }
}

/** Split so that no call has more words than go through. */
function* inCalls<Item extends { readonly path: RawPath }>(items: readonly Item[]): Generator<Item[]> {
  let some: Item[] = []
  let words = 0
  for (const item of items) {
    const length = item.path.length * 2 + 1
    if (some.length > 0 && words + length > mostWords) {
      yield some
      ;[some, words] = [[], 0]
    }
    some.push(item)
    words += length
  }
  if (some.length > 0) yield some
}

/** An answer that tells less than was asked for says so in its problems, which are told; one that was refused is none. */
export function demand({ destination }: Pick<Client, 'destination'>, verb: Verb, answer: Answer): Answer {
  if (usable.includes(answer.status)) return answer
  const why = answer.problems[0] === undefined ? answer.status : `${answer.status}: ${answer.problems[0]}`
  if (answer.status === 'refused') {
    throw new OperationalError(
      'client-refused',
      `The client ${destination} refused \`${verb}\` (${why}).`,
      'Name the backup’s source as a root in client.conf on the client.',
    )
  }
  throw odd(`it says ${why}`)
}
