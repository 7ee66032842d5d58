import { Buffer } from 'node:buffer'
import { readAnswer } from '../../../lib/client/answer.js'
import { readLook } from '../../../lib/client/look-answer.js'
import { readFingerprints } from '../../../lib/client/members.js'
import { clientStructure } from '../../../lib/client/structure.js'
import { toHex, type Verb } from '../../../lib/client/words.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { readClientWord } from '../../../lib/watch/client-words.js'
import { sharedFile } from '../seeds.js'
import type { MakeTarget } from '../target-type.js'

const nonce = '0123456789abcdef0123456789abcdef'
const bundle = fromText('/Users/bob/bob.sparsebundle')
const image = fromText('/Users/bob/old.sparseimage')
const containers = new Map([
  [bundle, 'sparse-bundle'],
  [image, 'sparse-image'],
] as const)

const hexLines = (bytes: Buffer): string[] =>
  Array.from({ length: Math.ceil(bytes.length / 16) }, (_, line) => {
    const digits = bytes.subarray(line * 16, line * 16 + 16).toString('hex')
    return `x ${digits.replace(/..(?=.)/g, '$& ')}`
  })

const answer = (verb: Verb, ...lines: string[]): Buffer =>
  Buffer.from(
    [`lbackup-filevault 1 ${nonce} ${verb}`, ...lines, `end ${nonce} ok ${String(lines.length)}`, ''].join('\n'),
    'latin1',
  )

const looks = (): Buffer =>
  answer(
    'look',
    ...['platform macos', 'clock 1795645971', `root ${toHex(fromText('/Users'))} ok`, 'device 16777220', 'entries 12'],
    `image sparse-bundle 16777220 4711 501 1700000000 ${toHex(bundle)}`,
    ...[`home ${toHex(fromText('/Users/bob'))} 16777220 501`, `name ${toHex(fromText('bob.sparsebundle'))}`],
    ...['file Info.plist f 493', ...hexLines(sharedFile('images/sparse-image-header.bin').subarray(0, 64))],
    ...[
      'file token f 0',
      'file bands/0 f 1048576',
      ...hexLines(Buffer.alloc(64, 7)),
      'bitmaps 256',
      ...hexLines(Buffer.alloc(64, 255)),
    ],
    `image sparse-image 16777220 4712 501 0 ${toHex(image)}`,
    ...[
      'part 0',
      ...hexLines(sharedFile('images/sparse-image-header.bin')),
      'part 4096',
      ...hexLines(Buffer.alloc(32)),
    ],
    ...[`other-image ${toHex(fromText('/Users/x.dmg'))}`, `skipped depth ${toHex(fromText('/Users/deep'))}`],
    ...[
      'tool hdiutil 0',
      ...hexLines(sharedFile('hdiutil/info-plist.three-images.plist').subarray(0, 320)),
      'tool who none',
    ],
    ...[
      'open 0 1234 501 rsync bands/0',
      `loop loop0 ${toHex(image)}`,
      `identity ${toHex(bundle)} 16777220 4711`,
      `identity ${toHex(image)} - -`,
    ],
  )

const members = (): Buffer =>
  answer(
    'fingerprints',
    ...['clock 1795645971', `image ${toHex(bundle)}`, 'm f 493 1700000000.123456789 1700000001.5 4713 1 Info.plist'],
    ...[
      'm d 96 1700000000 1700000001 4714 3 bands',
      'm f 1048576 1700000000.1 1700000001.2 4715 1 bands/0',
      'm f 0 1700000000 1700000001 4716 2 bands/1f',
    ],
    ...[
      'm f 0 1700000000 1700000001 4717 1 token',
      `image ${toHex(image)}`,
      'm f 1052672 1700000000 1700000001 4712 1 old.sparseimage',
    ],
  )

const watched = answer(
  'watch',
  'tick 1795645971',
  'gap 61',
  'problem no',
  'login bob',
  `attached ${toHex(bundle)}`,
  `vanished ${toHex(image)}`,
)

const verbs: readonly Verb[] = ['look', 'fingerprints', 'watch']

/** What a client answers; which verb was asked for stands in the first byte. */
export const client: MakeTarget = () => ({
  seeds: [looks(), members(), watched].map((seed, verb) => Buffer.concat([Buffer.from([verb]), seed])),
  words: [
    '\nx ',
    '\nimage ',
    '\nm f ',
    '\nm d ',
    '\nm l ',
    '\nfile ',
    '\npart ',
    '\nbitmaps ',
    '\ntool ',
    '\nopen ',
    '\nhome ',
    '\nname ',
    '\nidentity ',
    ' - -',
    '\x01',
    'bands/',
    'mapped/',
    `\nend ${nonce} ok `,
  ],
  mend(bytes) {
    // The number of lines is right again, with as many digits as there is room for.
    const text = bytes.toString('latin1')
    const last = /\nend [0-9a-f]+ [a-z-]+ (\d+)\n$/.exec(text)
    if (last === null) return
    const lines = String(text.slice(0, last.index).split('\n').length - 1)
    const room = last[1] as string
    if (lines.length === room.length) bytes.write(lines, bytes.length - 1 - room.length, 'latin1')
  },
  run(bytes) {
    const verb = verbs[(bytes[0] ?? 0) % verbs.length] as Verb
    const printed = bytes.subarray(1)
    if (verb === 'watch') {
      for (const line of printed.toString('latin1').split('\n')) readClientWord(line, nonce)
      return
    }
    const read = readAnswer(printed, nonce, verb)
    if (typeof read === 'string') return
    if (verb === 'fingerprints') {
      readFingerprints(read, containers)
      return
    }
    const look = readLook(read)
    const none = readFingerprints(
      readAnswer(members(), nonce, 'fingerprints') as Exclude<ReturnType<typeof readAnswer>, string>,
      containers,
    )
    for (const one of look.images) {
      const known = none.images.get(one.path)
      if (known !== undefined) clientStructure(one, known, { inUse: false })
    }
  },
})
