import { memberName } from '../image/member-table.js'
import { readNanoseconds } from '../look/nanoseconds.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { baseName, type RawPath } from '../text/raw-path.js'
import { comparedPieces, type ComparedPieces } from './compared-pieces.js'
import type { Known } from './known.js'
import type { Pairs } from './pairs.js'
import type { Proof, ProveRequest, Wrong, WrongKind } from './proof-type.js'
import type { Read } from './read-type.js'
import type { EachRow } from './row-state.js'

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
  pairs: Pairs,
  each: EachRow,
  manifest: Manifest,
  work: { readonly read: Read; readonly known: Known; readonly seconds: number },
): Proof {
  const { source, copy } = pairs
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
  const pieces = request.container === 'sparse-image' ? comparedPieces(pairs, work.known, manifest) : undefined
  readNanoseconds(request.copy, manifest, work.known.copy)
  const wrong = kinds.flatMap((kind) => wrongOf(kind, found.get(kind), request, work.read, pieces))
  const because = work.read.failures[0] ?? source.because
  return {
    result: resultOf(wrong.length > 0, unreadable, members - checked - movedOn - unreadable, movedOn),
    wrong,
    movedOn,
    ...(because === undefined ? {} : { because }),
    counts: {
      checked,
      members,
      ...(pieces === undefined ? {} : { pieces: { checked: pieces.compared, all: pieces.all } }),
      read: work.read.files,
      reused: work.known.reused,
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

function wrongOf(
  kind: WrongKind,
  members: RawPath[] | undefined,
  request: ProveRequest,
  read: Read,
  pieces: ComparedPieces | undefined,
): Wrong[] {
  if (members === undefined) return []
  const because = kind === 'unreadable' ? read.failures[1] : undefined
  return [
    {
      kind,
      count: members.length,
      members: pieces !== undefined ? [baseName(request.source)] : members,
      ...(because === undefined ? {} : { because }),
      ...(pieces === undefined || pieces.differing.length === 0 ? {} : { pieces: pieces.differing }),
    },
  ]
}
