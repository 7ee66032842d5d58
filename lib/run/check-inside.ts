import { openDisk, type OpenDisk } from '../disk/open.js'
import { unlockImage } from '../disk/unlock.js'
import type { Finding } from '../finding/finding.js'
import { OperationalError } from '../finding/operational-error.js'
import type { Encryption, Image } from '../image/image.js'
import { forgetKey } from '../image/unlock.js'
import { passphraseFor } from '../passphrase/choose.js'
import { withPassphrase, type PassphraseSource } from '../passphrase/passphrase.js'
import { insideWords } from '../verify/inside-words.js'
import type { Inside } from '../verify/verdict.js'
import { checkDisk } from '../volume/check-disk.js'
import type { RunContext } from './context.js'

/** One copy whose disk is to be checked. */
export interface CopyInside extends Pick<Image, 'path' | 'container'> {
  readonly encryption: Encryption
  /** Of the copy, in bytes. */
  readonly counts: { readonly members: number; readonly bytes: number }
  /** Whose the image is, and its printable path at the source: they choose the passphrase. */
  readonly image: { readonly user: string; readonly path: string }
}

/** Checks the disk inside of a copy. What cannot be checked is told, not thrown. */
export type CheckInside = (copy: CopyInside) => Promise<Inside>

/**
 * Given the settings, the machine and, where one was given for all images, a passphrase, return the check of the disk
 * inside of a copy. It reads a few MiB and writes nothing; the image at its source is not touched.
 */
export function insideChecker(
  { config, system }: Pick<RunContext, 'config' | 'system'>,
  given?: PassphraseSource,
): CheckInside {
  return async (copy) => {
    const source = copy.encryption === 'none' ? undefined : (given ?? passphraseFor(config.passphrases, copy.image))
    if (copy.encryption !== 'none' && source === undefined) return withoutPassphrase
    try {
      const disk = await openWith(copy, source, { config, system })
      try {
        const check = checkDisk(disk)
        const errors = check.findings.filter(({ severity }) => severity === 'error')
        // What the system cannot give at the moment is no damage of the disk.
        if (errors.length > 0 && errors.every(({ code }) => code === 'disk-unreadable'))
          return { state: 'unchecked', because: (errors[0] as Finding).message.replace(/\.$/, ''), failed: true }
        return { state: 'checked', findings: check.findings, holds: insideWords(check) }
      } finally {
        disk.close()
      }
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      return { state: 'unchecked', because: error.message.replace(/\.$/, ''), failed: true }
    }
  }
}

const withoutPassphrase: Inside = {
  state: 'unchecked',
  because: 'it is encrypted and no passphrase for it was given',
  failed: false,
}

async function openWith(
  copy: CopyInside,
  source: PassphraseSource | undefined,
  { config, system }: Pick<RunContext, 'config' | 'system'>,
): Promise<OpenDisk> {
  if (source === undefined) return openDisk(copy)
  const { keyRounds: mostRounds } = config.limits
  const key = await withPassphrase(source, system, (passphrase) => unlockImage(copy, passphrase, { mostRounds }))
  if (key === undefined) return openDisk(copy)
  try {
    const disk = openDisk(copy, key)
    const close = (): void => {
      disk.close()
      forgetKey(key)
    }
    return { ...disk, close }
  } catch (error) {
    forgetKey(key)
    throw error
  }
}
