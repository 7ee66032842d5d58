import { memberName } from '../image/member-table.js'
import { readNanoseconds } from '../look/nanoseconds.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { baseName, type RawPath } from '../text/raw-path.js'
import type { EachRow } from './compare.js'
import type { Pairs } from './pairs.js'
import { differingPieces } from './pieces.js'
import type { Proof, ProveRequest, Wrong, WrongKind } from './proof-type.js'
import type { Read } from './read-members.js'

// Gravest first.
const kinds: readonly WrongKind[] = [
  'unreadable',
  'missing',
  'type',
  'size',
  'damaged',
  'mixed',
  'missed-change',
  'extra',
  'time',
]

/** Given what each member's copy is, return the proof. */
export function outcome(
  request: ProveRequest,
  { source, copy }: Pairs,
  each: EachRow,
  manifest: Manifest,
  work: { readonly read: Read; readonly reused: number; readonly timesKnown: Uint8Array; readonly seconds: number },
): Proof {
  const found = new Map<WrongKind, RawPath[]>()
  let [members, checked, movedOn, unreadable] = [0, 0, 0, 0]
  each((state, row, other) => {
    members += 1
    switch (state) {
      case 'equal':
        checked += 1
        return
      case 'unchecked':
        return
      case 'moved-on':
        movedOn += 1
        return
      case 'source-unreadable':
        unreadable += 1
        return
      default: {
        checked += 1
        const name = row === undefined ? memberName(copy, other as number) : memberName(source, row)
        const names = found.get(state)
        if (names === undefined) found.set(state, [name])
        else names.push(name)
      }
    }
  })
  readNanoseconds(request.copy, manifest, work.timesKnown)
  const wrong = kinds.flatMap((kind) => wrongOf(kind, found.get(kind), request, work.read))
  const because = work.read.failures[0] ?? source.because
  return {
    result: resultOf(wrong.length > 0, unreadable, members - checked - movedOn - unreadable, movedOn),
    wrong,
    movedOn,
    ...(because === undefined ? {} : { because }),
    counts: {
      checked,
      members,
      read: work.read.files,
      reused: work.reused,
      bytesRead: work.read.bytes,
      seconds: work.seconds,
    },
    manifest,
  }
}

function resultOf(isWrong: boolean, unreadable: number, unchecked: number, movedOn: number): Proof['result'] {
  if (isWrong) return 'wrong'
  if (unreadable > 0) return 'source-unreadable'
  if (unchecked > 0) return 'unfinished'
  return movedOn > 0 ? 'moved-on' : 'proven'
}

function wrongOf(kind: WrongKind, members: RawPath[] | undefined, request: ProveRequest, read: Read): Wrong[] {
  if (members === undefined) return []
  const because = kind === 'unreadable' ? read.failures[1] : undefined
  const isImage = request.container === 'sparse-image'
  const pieces = isImage && ['missed-change', 'mixed', 'damaged'].includes(kind) ? differingPieces(request) : undefined
  return [
    {
      kind,
      count: members.length,
      members: isImage ? [baseName(request.source)] : members,
      ...(because === undefined ? {} : { because }),
      ...(pieces === undefined ? {} : { pieces }),
    },
  ]
}
