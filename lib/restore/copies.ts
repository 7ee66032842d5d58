import type { CopyLabel } from '../generated/copy.js'
import type { KnownCopy } from '../generated/slots.js'
import { adoptedIn, storedCopies } from '../keep/adopt.js'
import { emptyBook, isSamePlace, readBook } from '../keep/book.js'
import { sectionMark } from '../keep/section-mark.js'
import { stand, standing } from '../keep/standing.js'
import type { StandingCopy } from '../keep/standing-type.js'
import { sectionFolder } from '../keep/store-layout.js'
import { placeName } from '../keep/vouch.js'
import { asideCopies, asideKind } from './aside.js'
import type { ListedCopy } from './listed-copy.js'

export type { ListedCopy } from './listed-copy.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import { readSections, type Section, type Sections } from '../lbackup/sections.js'
import { readLabel, slotsIn } from '../prove/manifest-file.js'
import type { RawPath } from '../text/raw-path.js'

export interface CopiesRequest {
  readonly backupDest: RawPath
  /** undefined: the whole configuration is lost. */
  readonly stateFolder: RawPath | undefined
  /** What slots are named by in a section that carries no labels of ours; undefined: the section itself. */
  readonly source: BackupSource | undefined
}

/**
 * Given where the backup lies, return every copy of every image there is, newest first: those that the state folder
 * knows, those that labels in sections and store tell of, in sections without labels those that a search finds, and what
 * was set aside or recovered.
 */
export function listCopies({ backupDest, stateFolder, source }: CopiesRequest): ListedCopy[] {
  const sections = readSections(backupDest)
  const read = stateFolder === undefined ? undefined : readBook(stateFolder)
  const book = read === undefined || 'damaged' in read ? emptyBook : read
  const known: ListedCopy[] = standing(book, backupDest, sections).copies.map((copy) =>
    listed(copy, copy.known.label.manifest !== null && copy.known.opened === undefined),
  )
  const others = [...labelled(sections), ...usual(storedCopies(backupDest)), ...searched(sections, source)]
  const all = [...known]
  for (const copy of others) {
    const isKnown = all.some(
      (one) => one.known.label.slot === copy.label.slot && isSamePlace(one.known.place, copy.place),
    )
    const standingCopy = isKnown ? undefined : stand(copy, backupDest, sections)
    if (standingCopy !== undefined) all.push(listed(standingCopy, false))
  }
  all.push(...asideCopies(backupDest, all))
  return all.sort((one, other) => order(other).localeCompare(order(one)))
}

const order = ({ known: { label }, section }: ListedCopy): string =>
  `${label.madeAt} ${String(999_999_999 - (section?.number ?? 999_999_999)).padStart(9, '0')}`

const listed = (copy: StandingCopy, vouched: boolean): ListedCopy => ({ ...copy, vouched, placeName: placeName(copy) })

const usual = (copies: readonly KnownCopy[]): KnownCopy[] =>
  copies.filter(({ place }) => asideKind(place.generation ?? '') === undefined)

/** What labels in sections say; a user who owns a section may have written them. */
function labelled({ sections }: Sections): KnownCopy[] {
  return sections.flatMap((section) =>
    slotsIn(sectionFolder(section)).flatMap((slot) => {
      const label = readLabel(sectionFolder(section), slot)
      if (label === undefined || 'unusable' in label || !isPlain(label)) return []
      return [{ label, place: { section: sectionMark(section) } }]
    }),
  )
}

/** A forged label must not lead out of its section. */
const isPlain = ({ copyPath }: CopyLabel): boolean =>
  !copyPath.startsWith('/') && !copyPath.split('/').some((name) => name === '..' || name === '.')

function searched({ sections }: Sections, source: BackupSource | undefined): KnownCopy[] {
  return sections
    .filter((section) => slotsIn(sectionFolder(section)).length === 0)
    .flatMap((section) => adoptedIn(section, source ?? sectionItself(section)))
}

const sectionItself = ({ path }: Section): BackupSource => ({
  path,
  asWritten: path,
  trailingSlash: true,
})
