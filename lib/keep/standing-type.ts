import type { KnownCopy } from '../generated/slots.js'
import type { Section } from '../lbackup/sections.js'
import type { RawPath } from '../text/raw-path.js'

/** A known copy that stands now, with the paths it has tonight. */
export interface StandingCopy {
  readonly known: KnownCopy
  /** The image: a bundle's folder, or the file. Absolute. */
  readonly image: RawPath
  /** Holds SLOT.json, SLOT.mtree and SLOT.jsonl. Absolute. */
  readonly manifestFolder: RawPath
  /** undefined: it lies in the store. */
  readonly section?: Section
}
