import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encrypted, mapped, type Damage } from './edit.js'

export const bandDamages: readonly Damage[] = [
  ['a band cut short', mapped, (i) => truncateSync(join(i, 'bands/5'), 4096), ['mapped-band-short error bands/5']],
  ['a band lost', mapped, (i) => rmSync(join(i, 'bands/0')), ['mapped-band-lost error bands/0']],
  ['the last band lost', mapped, (i) => rmSync(join(i, 'bands/b')), ['mapped-band-lost error bands/b']],
  [
    'a bitmap of another length',
    mapped,
    (i) => truncateSync(join(i, 'mapped/5'), 100),
    ['bitmap-length-unexpected info mapped/5'],
  ],
  ['a band out of range', mapped, (i) => writeFileSync(join(i, 'bands/c'), 'x'), ['band-out-of-range error bands/c']],
  [
    'a band beyond all numbers',
    mapped,
    (i) => writeFileSync(join(i, 'bands/ffffffffffffffff'), 'x'),
    ['band-out-of-range error bands/ffffffffffffffff'],
  ],
  ['a band too long', mapped, (i) => truncateSync(join(i, 'bands/5'), 8_388_609), ['band-overlong error bands/5']],
  [
    'the last band too long',
    mapped,
    (i) => truncateSync(join(i, 'bands/b'), 7_725_569),
    ['last-band-overlong warning bands/b'],
  ],
  [
    'half a cipher block',
    encrypted,
    (i) => truncateSync(join(i, 'bands/4'), 1000),
    ['band-length-odd warning bands/4'],
  ],
  [
    'foreign names',
    mapped,
    (i) =>
      ['.DS_Store', '._0', '.nfs0001', '.5.a1B2c3', 'new\nline'].forEach((n) => writeFileSync(join(i, 'bands', n), '')),
    ['.5.a1B2c3', '.DS_Store', '._0', '.nfs0001', 'new\\x0aline'].map((n) => `foreign-member warning bands/${n}`),
  ],
  [
    'bands in upper case',
    mapped,
    (i) => renameSync(join(i, 'bands/b'), join(i, 'bands/B')),
    ['band-name-odd warning bands/B', 'mapped-band-lost error bands/b'],
  ],
  [
    'a band with leading zeros',
    mapped,
    (i) => copyFileSync(join(i, 'bands/5'), join(i, 'bands/05')),
    ['band-name-odd warning bands/05'],
  ],
  [
    'an extra file beside the bands folder',
    mapped,
    (i) => writeFileSync(join(i, 'notes.txt'), ''),
    ['extra-member info notes.txt'],
  ],
  [
    'a linked band',
    mapped,
    (i) => {
      renameSync(join(i, 'bands/5'), join(i, 'x'))
      symlinkSync('../x', join(i, 'bands/5'))
    },
    ['extra-member info x', 'mapped-band-lost error bands/5', 'member-linked error bands/5'],
  ],
  [
    'a linked bands folder',
    mapped,
    (i) => {
      renameSync(join(i, 'bands'), `${i}.away`)
      symlinkSync(`${i}.away`, join(i, 'bands'))
    },
    ['bands-missing error bands', 'member-linked error bands'],
  ],
  [
    'a linked token',
    mapped,
    (i) => {
      rmSync(join(i, 'token'))
      symlinkSync('/dev/null', join(i, 'token'))
    },
    ['member-linked error token', 'token-invalid error token'],
  ],
  ['no bands folder', encrypted, (i) => rmSync(join(i, 'bands'), { recursive: true }), ['bands-missing error bands']],
  [
    'a FIFO for a band',
    mapped,
    (i) => {
      rmSync(join(i, 'bands/5'))
      execFileSync('mkfifo', [join(i, 'bands/5')])
    },
    ['mapped-band-lost error bands/5', 'member-special error bands/5'],
  ],
  [
    'a FIFO for Info.plist',
    mapped,
    (i) => {
      rmSync(join(i, 'Info.plist'))
      execFileSync('mkfifo', [join(i, 'Info.plist')])
    },
    ['member-special error Info.plist', 'plist-half-lost warning Info.plist'],
  ],
  [
    'a folder for a band',
    encrypted,
    (i) => {
      rmSync(join(i, 'bands/3'))
      mkdirSync(join(i, 'bands/3'))
    },
    ['member-special error bands/3'],
  ],
  [
    'what Time Machine found damaged',
    mapped,
    (i) =>
      writeFileSync(
        join(i, 'com.apple.TimeMachine.MachineID.plist'),
        '<plist><dict><key>VerificationState</key><integer>2</integer></dict></plist>',
      ),
    ['time-machine-damaged warning com.apple.TimeMachine.MachineID.plist'],
  ],
]
