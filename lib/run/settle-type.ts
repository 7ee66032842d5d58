import type { ReportedFinding, ReportImage } from '../generated/report.js'
import type { SlotBook } from '../generated/slots.js'
import type { ReadmeEvent } from '../keep/readme.js'
import type { Proof } from '../prove/proof-type.js'
import type { CheckInside } from './check-inside.js'
import type { RunContext } from './context.js'
import type { History } from './history.js'
import type { SectionLook } from './look-at-section.js'
import type { Work } from './work.js'

/** What became of the copies of a run after they were compared, repaired and kept. */
export interface Settled {
  /** By slot. */
  readonly images: ReadonlyMap<string, ReportImage>
  readonly findings: readonly ReportedFinding[]
  readonly book: SlotBook
  readonly events: readonly ReadmeEvent[]
}

export interface SettleRequest {
  readonly context: RunContext
  readonly look: SectionLook
  readonly history: History
  readonly work: Work
  /** Bytes are compared; else only what was seen of the structure counts. */
  readonly compare: boolean
  /** Checks the disk inside of a copy; undefined: nobody asked for it. */
  readonly inside?: CheckInside
  /** Milliseconds since 1970. */
  readonly deadline: number
  /** The next run does it: what the run itself has already noted of this section stays. */
  readonly late: boolean
}

/** One copy, judged; with what wrong members it has. */
export interface JudgedCopy {
  readonly reported: ReportImage
  readonly proof: Proof | undefined
  readonly repaired: boolean
}
