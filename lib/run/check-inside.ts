import { openDisk, type OpenDisk } from '../disk/open.js'
import { unlockImage } from '../disk/unlock.js'
import { OperationalError } from '../finding/operational-error.js'
import type { RunImage } from '../generated/run.js'
import type { Encryption, Image } from '../image/image.js'
import { forgetKey } from '../image/unlock.js'
import { passphraseFor } from '../passphrase/choose.js'
import { withPassphrase } from '../passphrase/passphrase.js'
import type { RawPath } from '../text/raw-path.js'
import { insideWords } from '../verify/inside-words.js'
import type { Inside } from '../verify/verdict.js'
import { checkDisk } from '../volume/check-disk.js'
import type { RunContext } from './context.js'

/** One copy whose disk is to be checked, and the image it is a copy of, which chooses the passphrase. */
export interface CopyInside {
  readonly image: Pick<RunImage, 'container' | 'path' | 'user'>
  readonly place: RawPath
  readonly encryption: Encryption
}

/** Checks the disk inside of a copy. What cannot be checked is told, not thrown. */
export type CheckInside = (copy: CopyInside) => Promise<Inside>

type Opened = Promise<OpenDisk | 'no-passphrase'>

/**
 * Given how the disk of a copy is opened, return the check of it. It reads a few MiB and writes nothing; the image at its
 * source is not touched.
 */
export function insideChecker(open: (copy: CopyInside) => Opened): CheckInside {
  return async (copy) => {
    try {
      const disk = await open(copy)
      if (disk === 'no-passphrase') return withoutPassphrase
      try {
        const check = checkDisk(disk)
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
  because: 'it is encrypted and no passphrase is configured for it',
  failed: false,
}

/** Given a run, return how the disk of a copy is opened: with the passphrase that is configured for its image. */
export function openDiskOf({ config, system }: Pick<RunContext, 'config' | 'system'>): (copy: CopyInside) => Opened {
  return async ({ image, place, encryption }) => {
    const copy: Pick<Image, 'path' | 'container'> = { path: place, container: image.container }
    if (encryption === 'none') return openDisk(copy)
    const source = passphraseFor(config.passphrases, image)
    if (source === undefined) return 'no-passphrase'
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
}
