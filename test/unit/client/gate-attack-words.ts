import { join } from 'node:path'
import type { Command, Lab } from './gate-lab.js'

const nonce = '0123456789abcdef'
const words = (text: string): string[] => text.trim().split(/\s+/)
const lines = (text: string): string[] => text.split('\n').slice(1, -1)

/** Commands of which ssh-gate may let none through. `touch CANARY` is what gets run where a shell sees them. */
export function attacks(lab: Lab): Exclude<Command, undefined>[] {
  const rsync = join(lab.folder, 'usr/bin/rsync')
  const good = `${rsync} --server --sender -logDtprze.iLsfxCIvu . ${lab.root}/a`
  const call = `lbackup-filevault-client 1 ${nonce}`
  const fill = (text: string): string =>
    text
      .replaceAll('GOOD', good)
      .replaceAll('SENDER', `${rsync} --server --sender`)
      .replaceAll('RSYNC', rsync)
      .replaceAll('CALL', call)
      .replaceAll('NONCE', nonce)
      .replaceAll('PROGRAMS', lab.programs)
      .replaceAll('GROWLOUT', join(lab.folder, 'usr/sbin/growlout'))
      .replaceAll('AWAY', lab.away)
      .replaceAll('ROOT', lab.root)
      .replaceAll('LAB', lab.folder)
      .replaceAll('TOUCH', `touch ${lab.canary}`)
      .replaceAll('CANARY', lab.canary)
  const injected = injections.flatMap((text) => frames.map((frame) => frame.replace('@', () => text)))
  const optional = options.flatMap((option) => optionFrames.map((frame) => frame.replace('@', () => option)))
  const paths = [...words(plainPaths), ...lines(spacedPaths)].map((path) => `SENDER -r . ${path}`)
  const calls = [...lines(badCalls), ...lines(badWords).map((rest) => `CALL ${rest}`)]
  const text = [...injected, ...optional, ...paths, ...lines(others), ...calls].map(fill)
  const odd = ['\xa0', '\xff', '\x80', '\x85', '\xc0\xaf'].map((byte) =>
    Buffer.from(`${rsync}${byte}--server --sender -r . ${lab.root}`, 'latin1'),
  )
  return [...text, ...blank, ...long.map(fill), ...odd]
}

/** In every way in which a shell might take it for more than a word. */
const injections = [
  ...lines(
    String.raw`
;TOUCH
; TOUCH
|TOUCH
| TOUCH
||TOUCH
&TOUCH
& TOUCH
&&TOUCH
` +
      '`TOUCH`\n$(TOUCH)\n' +
      String.raw`"$(TOUCH)"
$(touch$IFS''CANARY)
>CANARY
> CANARY
>>CANARY
<(TOUCH)
>(TOUCH)
<CANARY
';TOUCH;'
";TOUCH;"
$'\nTOUCH'
{TOUCH,}
(TOUCH)
!TOUCH;
$((x[$(TOUCH)]))
`,
  ),
  ...[
    '\nTOUCH',
    '\nTOUCH\n',
    '\rTOUCH',
    '\t;TOUCH',
    '\\\n;TOUCH',
    '#\nTOUCH',
    '\v;TOUCH',
    '\f;TOUCH',
    '\x01;TOUCH',
    '\x7f;TOUCH',
    ...['\n', '\r', '\t', '\v', '\x01', '\x1b', '\x7f'],
  ],
]

const frames = lines(`
@
@ GOOD
GOOD@
GOOD @
RSYNC@ --server --sender -r . ROOT
RSYNC --server@ --sender -r . ROOT
SENDER -r@ . ROOT
SENDER @ . ROOT
SENDER -r .@ ROOT
CALL look@
CALL look @
@CALL look
lbackup-filevault-client@
##--LBackup_SSH_Test--##@
##--LBackup_SSH_Test--## @
GROWLOUT@
rsync @
`)

const options = words(`
  --remove-source-files --remove-sent-files --daemon --config=/tmp/x --server --sender --no-sender
  --rsh=sh --rsh -e -esh -e/tmp/x -re/tmp/x -e.L/x -re.Ls/x -e.L.L -es.h -e.1 -e31.14L -e.LsfxCIvu;x
  --rsync-path=/tmp/x --rsync-path --log-file=/tmp/x --log-file --log-file-format=x --log-format=%i
  --files-from=/etc/shadow --files-from --files-from= --files-from=-x --temp-dir=/tmp --temp-dir -T -T/tmp
  --partial-dir=/tmp --partial-dir --partial -P --copy-links -L -rL -Lr -logDtprLze.iLsfxCIvu -k -rk
  --copy-dirlinks --copy-unsafe-links --copy-devices --write-devices --fake-super --super -M -M--x -rM
  --insecure-links -f -f. -F -rF -C -rC --filter=+ --exclude-from=/etc/shadow --include-from=-
  --link-dest=/etc --copy-dest=/etc --compare-dest=/etc --backup-dir=/tmp -b --delete --delete-excluded --del
  --iconv=utf-8 --password-file=/etc/shadow --read-batch=/x --write-batch=/x --only-write-batch=X --chmod=a+rwx
  --usermap=*:root --chown=root --out-format=x --address=:: --port=1 --sockopts=x --early-input=/etc/shadow
  --bwlimit= --bwlimit=x --bwlimit --timeout=-1 --timeout=1;x --info=help/x --debug=all9 --compress-choice=../x
  --checksum-seed=9999999999 --stats=x --numeric-ids=x --from0=x -- - -r- -r. -rs=x -r/ -@1 -? -h
  --munge-links --trust-sender --secluded-args --protect-args --old-args -ss -K -m -O -y -V --version
  --Server --sénder -é --no- --suffix=/../x --stop-after=1 --no-i-r --inplace=x --max-alloc=0 -B -Bx -B1x
`)

const optionFrames = lines(`
SENDER @ . ROOT
SENDER -r @ . ROOT
SENDER -r . ROOT @
SENDER -r . @ ROOT
`)

const plainPaths = String.raw`
  / // /etc . .. ~ Users LAB LAB/ AWAY AWAY/a ROOT2 ROOTx ROOT/.. ROOT/../etc ROOT/a/../../etc ROOT/../Users2 /..ROOT
  ROOT/..\/x ROOT/\.\./etc ROOT/\../etc /ROOT .ROOT ROOT/out/ ROOT/out/. ROOT/out/secret ROOT/out/missing/x ROOT/out//
  ROOT/./out/x ROOT/deep/out/secret ROOT/chain/secret ROOT/a\ host::module host:ROOT LAB/linked LAB/linked/a LAB/missing
  LAB/missing/a \~ \/etc ROOT\2/a
`

const spacedPaths = String.raw`
ROOT/a AWAY
AWAY ROOT/a
ROOT/a /
ROOT/a --daemon
-- ROOT
ROOT/my files
ROOT ROOT/a\
ROOT #
ROOT . ROOT
`

const others = String.raw`
sh
/bin/sh
sh -c id
scp -f /etc/shadow
internal-sftp
/usr/libexec/sftp-server
uname -rs
exec sh
.
:
eval id
() { :;}; TOUCH
-c id
--help
\
 GOOD
\GOOD
"RSYNC" --server --sender -r . ROOT
X=1 GOOD
exec GOOD
command GOOD
RSYNC
RSYNC --server
SENDER
SENDER .
SENDER -r .
SENDER -r ROOT
SENDER -r . . ROOT
SENDER -sr . ROOT
SENDER -rss
SENDER --files-from=- . ROOT/out
RSYNC --server . ROOT
RSYNC --server -r . ROOT
RSYNC --sender --server -r . ROOT
RSYNC --server --server --sender -r . ROOT
RSYNC --server --sender --sender -r . ROOT
RSYNC --server -r --sender . ROOT
RSYNC --server --daemon --config=ROOT/x .
RSYNC --daemon
RSYNC -r ROOT /x
RSYNC3 --server --sender -r . ROOT
RSYNC/ --server --sender -r . ROOT
./rsync --server --sender -r . ROOT
rsync --server --sender -r . /
`

const badCalls = `
lbackup-filevault-client
lbackup-filevault-client 2 NONCE look
lbackup-filevault-client 1 NONCE
lbackup-filevault-client 1 x look
lbackup-filevault-client 1 012345678abcdef look
lbackup-filevault-client 1 0123456789ABCDEF look
lbackup-filevault-client 1 NONCENONCENONCENONCE0 look
./lbackup-filevault-client 1 NONCE look
PROGRAMS/lbackup-filevault-client 1 NONCE look
lbackup-filevault-client	1 NONCE look
`

const badWords = `
erase
exists
exists 2F
exists 2f 2f
exists /etc
exists-5
look /
look ..
look --x
look look
look-
look-x 2f
look *
look 
look  2f
 look
fingerprints
fingerprints-x 2f
digests
digests 2f 2f
watch
watch x
watch 1 2
version 4
-5
`

const blank = ['', ' ', '     ', '\t', '\n']

const long = [
  `GOOD ${'x'.repeat(120_000)}`,
  `GOOD${'\\a'.repeat(5000)}`,
  `GOOD${' a'.repeat(4000)}`,
  `GOOD${'/a'.repeat(10_000)}`,
  `RSYNC${' '.repeat(9000)}`,
  `SENDER -r . /${'a/'.repeat(4500)}`,
  `CALL look ${'2f'.repeat(40_000)}`,
  '\\'.repeat(9999),
  'a'.repeat(130_000),
]
