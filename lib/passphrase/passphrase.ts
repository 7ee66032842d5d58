import type { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { firstLine, readSecretDescriptor, readSecretFile } from '../system/secret.js'
import type { System } from '../system/system.js'
import { noAnswer } from '../system/tool-answer.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'

/** Where a passphrase is. */
export type PassphraseSource =
  { readonly file: RawPath } | { readonly descriptor: number } | { readonly keychain: string }

// No passphrase that macOS takes is longer.
const longest = 4096

/**
 * Given where a passphrase is, and the machine, hand its bytes up to the first LF or NUL to `use`, and overwrite them when
 * that is done. Throws OperationalError; no message holds anything of the passphrase.
 */
export async function withPassphrase<Result>(
  source: PassphraseSource,
  system: System,
  use: (passphrase: Buffer) => Result | Promise<Result>,
): Promise<Result> {
  const bytes = await bytesOf(source, system)
  try {
    const passphrase = firstLine(bytes)
    if (passphrase.length === 0) throw unusable(source, 'is empty')
    if (passphrase.length > longest) throw unusable(source, `has more than ${String(longest)} bytes in its first line`)
    return await use(passphrase)
  } finally {
    bytes.fill(0)
  }
}

function bytesOf(source: PassphraseSource, system: System): Buffer | Promise<Buffer> {
  if ('file' in source) return readSecretFile(source.file, longest + 1)
  if ('descriptor' in source) return readSecretDescriptor(source.descriptor, longest + 1)
  return fromKeychain(source, system)
}

/** `security` prints the password and a line end; one with other than ASCII characters as hex digits (assumed). */
async function fromKeychain(source: { readonly keychain: string }, system: System): Promise<Buffer> {
  const args = ['find-generic-password', '-s', source.keychain, '-w']
  const result = await system.tool('security', args, { secretOutput: true, maxOutputBytes: longest + 1 })
  const failure = noAnswer(result)
  if (failure === undefined) return result.stdout
  result.stdout.fill(0)
  // 44: errSecItemNotFound, in the eight bits of an exit code.
  if (result.exitCode === 44) {
    throw new OperationalError(
      'passphrase-missing',
      `The keychain holds no password of the service ${JSON.stringify(source.keychain)}.`,
      `Add it: security add-generic-password -s SERVICE -a ACCOUNT -w`,
    )
  }
  throw new OperationalError(
    'passphrase-unreadable',
    `The keychain gives no passphrase: ${failure}.`,
    'Unlock the keychain, or name another place for the passphrase.',
  )
}

const unusable = (source: PassphraseSource, what: string): OperationalError =>
  new OperationalError(
    'passphrase-unusable',
    `The passphrase in ${nameOf(source)} ${what}.`,
    'Put it into the first line.',
  )

function nameOf(source: PassphraseSource): string {
  if ('file' in source) return printable(source.file)
  if ('descriptor' in source) return `descriptor ${String(source.descriptor)}`
  return `the keychain (service ${JSON.stringify(source.keychain)})`
}
