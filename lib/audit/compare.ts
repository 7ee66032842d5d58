import type { AuditCompared } from '../generated/audit.js'
import { differences } from '../look/difference.js'
import { differenceText } from '../look/difference-text.js'
import { prove } from '../prove/prove.js'
import { lookAt } from '../system/file.js'
import type { RawPath } from '../text/raw-path.js'
import { count } from '../text/measure.js'
import { proofWords, wrongWords } from '../verify/proof-words.js'
import type { FoundCopy } from './find.js'
import { isOther, linkedMembers, linkWords } from './links.js'
import type { Traces } from './traces.js'

/**
 * Given the newest copy and what its times and inodes tell, compare names, sizes and times with the image. Read-only.
 * What differs by more than rsync's window is no fault: the image goes on being used.
 */
export function compareTimes({ section, image }: FoundCopy, original: RawPath, { missed }: Traces): AuditCompared {
  const { container } = image
  const found = differences({ path: original, container }, { path: image.path, container })
  const others = found.filter(({ kind }) => kind !== 'missed-change')
  const within = found.find(({ kind }) => kind === 'missed-change')?.count ?? 0
  const unseen = others.some(({ kind }) => kind === 'source-unseen' || kind === 'copy-unseen')
  const links = linkedMembers(original, image)
  const said = [
    ...linkWords(links),
    ...(missed.count > 0
      ? [`${count(missed.count, 'member')} LBackup took for unchanged and linked from an older section`]
      : []),
    ...(within > missed.count
      ? [
          `${count(within - missed.count, 'member')} rewritten within 20 s of the last copy, which LBackup takes for unchanged`,
        ]
      : []),
    ...(others.length > 0 ? [differenceText(others)] : []),
  ]
  return {
    section: section.number,
    read: false,
    equal: null,
    seen: !unseen,
    missed: missed.count,
    text: said.length === 0 ? 'names, sizes and times are those of the image' : said.join('; '),
  }
}

/** As `compareTimes`, by every byte. What was written after the section was made is not held against the copy. */
export async function compareBytes({ section, image }: FoundCopy, original: RawPath): Promise<AuditCompared> {
  const proof = await prove({
    source: original,
    copy: image.path,
    container: image.container,
    lookedBefore: 0,
    // The rename that made it Section.0 is its folder's last change.
    copiedBefore: lookAt(section.path)?.ctimeMs ?? 0,
    still: true,
    trusted: [],
    granularity: 1000,
    deadline: Infinity,
  })
  const missed = proof.wrong.find(({ kind }) => kind === 'missed-change')?.count ?? 0
  const wrong = proof.wrong.length > 0 ? [wrongWords(proof.wrong)] : []
  const changed =
    proof.movedOn > 0
      ? [`${count(proof.movedOn, 'member')} of the image changed after the copy and could not be compared`]
      : []
  const unread = proof.because === undefined ? [] : [proof.because.replace(/\.$/, '')]
  const links = linkedMembers(original, image)
  const said = [...linkWords(links), ...wrong, ...changed, ...unread]
  // No image has links: two that point to the same place say nothing of its bytes.
  const equal = proof.result === 'proven' && links.length === 0 ? true : null
  return {
    section: section.number,
    read: true,
    equal: proof.result === 'wrong' || links.some(isOther) ? false : equal,
    seen: proof.result !== 'source-unreadable',
    missed,
    text: said.length === 0 ? proofWords(proof).says : said.join('; '),
  }
}
