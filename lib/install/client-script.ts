import type { RawPath } from '../text/raw-path.js'
import { shellWord } from './shell-word.js'

/** Where the client's part lies on a client. */
export const clientFolder = '/usr/local/libexec/lbackup-filevault'

/** One file of the client's part: plain text. */
export interface ClientFile {
  readonly name: string
  readonly text: string
}

/**
 * Given the files of the client's part and the roots that it may be asked about, return the text of a POSIX shell script
 * that puts them in place: each is written beside the old one and renamed over it. A client.conf that stands stays.
 */
export function clientScript(files: readonly ClientFile[], roots: readonly RawPath[]): string {
  const folder = clientFolder
  return [
    'set -eu',
    'umask 022',
    'PATH=/usr/bin:/bin:/usr/sbin:/sbin',
    'export PATH',
    `mkdir -p ${folder}`,
    ...files.flatMap(({ name, text }) => [
      `cat >${folder}/${name}.new <<'${mark}'`,
      `${text.replace(/\n$/, '')}`,
      mark,
      `chmod 755 ${folder}/${name}.new`,
      `mv ${folder}/${name}.new ${folder}/${name}`,
    ]),
    `if [ ! -e ${folder}/client.conf ]; then`,
    `  cat >${folder}/client.conf.new <<'${mark}'`,
    conf(roots),
    mark,
    `  mv ${folder}/client.conf.new ${folder}/client.conf`,
    'fi',
    'echo installed',
    '',
  ].join('\n')
}

const mark = 'END_OF_FILE_OF_LBACKUP_FILEVAULT'

const conf = (roots: readonly RawPath[]): string =>
  [
    '# What the backup server may ask about; lbackup-filevault, client/PROTOCOL.md',
    ...roots.map((root) => `root ${root}`),
    '# rsync /usr/local/bin/rsync',
    '# wrapper /usr/local/sbin/lbackup-wrapper.sh',
    '# log /var/log/lbackup/filevault-gate.log',
  ].join('\n')

/**
 * Given the text of a public key, return the line that lets its owner run nothing but the gate; undefined where it is no
 * public key of ssh.
 */
export function authorizedLine(publicKey: string): string | undefined {
  const key = /^((?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]+ [A-Za-z0-9+/=]+)( [ -~]*)?\s*$/.exec(publicKey)
  return key === null ? undefined : `command="${clientFolder}/ssh-gate",restrict ${key[1] as string}${key[2] ?? ''}`
}

/**
 * Given such a line, return the script that puts it into authorized_keys of whoever runs it, in place of every other line
 * of the same key: one that is left would let the key run anything.
 */
export function applyScript(line: string): string {
  const blob = /,restrict [^ ]+ ([A-Za-z0-9+/=]+)/.exec(line)?.[1] ?? line
  return [
    'set -eu',
    'umask 077',
    'PATH=/usr/bin:/bin:/usr/sbin:/sbin',
    'export PATH',
    'mkdir -p "$HOME/.ssh"',
    'keys=$HOME/.ssh/authorized_keys',
    'touch "$keys"',
    `grep -v -F ${shellWord(blob)} "$keys" >"$keys.new" || [ $? -eq 1 ]`,
    `printf '%s\\n' ${shellWord(line)} >>"$keys.new"`,
    'mv "$keys.new" "$keys"',
    'echo applied',
    '',
  ].join('\n')
}
