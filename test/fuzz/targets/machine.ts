import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { parseHdiutilInfo } from '../../../lib/mount/hdiutil.js'
import { parseLocks } from '../../../lib/mount/locks.js'
import { parseLsof } from '../../../lib/mount/lsof.js'
import { parseMacMount } from '../../../lib/mount/mount-output.js'
import { imageProgram, othersMayUse, parseMountinfo } from '../../../lib/mount/mountinfo.js'
import { parseExports, parseNfsClient, parseNfsStates } from '../../../lib/mount/nfs-server.js'
import { parseProcessStat, parsePs, parseSharedMappings } from '../../../lib/mount/process-list.js'
import { parsePasswd, parseUserList } from '../../../lib/mount/user-names.js'
import { printable } from '../../../lib/text/printable.js'
import { sharedFiles } from '../seeds.js'
import type { MakeTarget } from '../target-type.js'

export const hdiutil: MakeTarget = () => ({
  seeds: [...sharedFiles('hdiutil', '.plist'), ...sharedFiles('hdiutil', '.txt')],
  words: [
    '<?xml version="1.0"?>',
    '</plist>',
    '<key>images</key>',
    '<array/>',
    '<key>image-path</key>',
    '<string>',
    '<dict>',
    '</dict>',
  ],
  run: (bytes) => parseHdiutilInfo(bytes).forEach(({ imagePath }) => printable(imagePath)),
})

export const mountinfo: MakeTarget = () => ({
  seeds: [
    readFileSync('/proc/self/mountinfo'),
    Buffer.from(
      '36 35 98:0 /mnt1 /mnt2\\040x rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n40 35 0:41 / /m rw - fuse.sparsebundlefs sparsebundlefs rw\n',
    ),
  ],
  words: [' - ', '\\040', '\\134', ' fuse.sparsebundlefs ', '\n', ' 0:41 '],
  run(bytes) {
    for (const mount of parseMountinfo(bytes.toString('latin1'))) {
      printable(mount.point)
      imageProgram(mount)
      othersMayUse(mount.type)
    }
  },
})

const tables = [
  [
    '1: FLOCK  ADVISORY  WRITE 1234 08:01:131090 0 EOF\n1: -> POSIX  ADVISORY  READ 1235 08:01:131090 0 100\n',
    parseLocks,
  ],
  [
    '/dev/disk4s2 on /Volumes/a b (hfs, local, nodev, nosuid, journaled)\n/dev/disk1 on / (apfs)\n',
    (text: string) => parseMacMount(Buffer.from(text, 'latin1')),
  ],
  [
    'p1234\0cbash\0u501\0Lbob\0\nf3\0D0x1000004\0i4711\0n/Users/bob/a.sparsebundle/token\0\n',
    (text: string) => parseLsof(Buffer.from(text, 'latin1')),
  ],
  ['# path and options\n/srv/nfs\\040x\t*(rw,sync)\n', parseExports],
  ['- 0x00000001: { type: open, access: rw, deny: --, superblock: "08:01:131090", filename: "a" }\n', parseNfsStates],
  ['clientid: 0x1\naddress: "10.0.0.1:987"\nname: "Linux"\n', parseNfsClient],
  ['1234 (a (b) c) S 1 1234 1234 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0\n', parseProcessStat],
  ['  501     1\n  502   501\n', parsePs],
  ['7f0000000000-7f0000001000 rw-s 00000000 08:01 131090 /Users/bob/a.sparsebundle/bands/0\n', parseSharedMappings],
  ['root:x:0:0:root:/root:/bin/sh\nbob:x:501:20::/home/bob:/bin/sh\n', parsePasswd],
  ['_www                      70\nbob                       501\n', parseUserList],
] as const

/** The small tables of the kernel and of tools; which one stands in the first byte. */
export const systemTables: MakeTarget = () => ({
  seeds: tables.map(([text], index) => Buffer.concat([Buffer.from([index]), Buffer.from(text, 'latin1')])),
  words: ['\n', ' ', ': ', ' on ', ' (', ')', '\0', '\\040'],
  run: (bytes) => void tables[(bytes[0] ?? 0) % tables.length]?.[1](bytes.toString('latin1', 1)),
})
