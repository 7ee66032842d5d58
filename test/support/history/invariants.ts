import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect } from 'chai'
import type { Report, ReportImage } from '../../../lib/generated/report.js'
import type { KnownCopy, SlotBook } from '../../../lib/generated/slots.js'
import { fromPrintable } from '../../../lib/text/printable.js'
import { contentOf, copiesIn, copiesOn, differing, digestOf, homeOf, imageName, sectionsOf, seedsOn } from './copies.js'
import { imageOf, lineOf, placeOf, type History } from './history.js'
import type { NightEnd } from './machine.js'
import { homeIn, noteCopies, noteKnown, noteProven, noteSurprises, noteUntold, type Truth } from './truth.js'

/** What the test saw of one night. */
export interface Seen {
  readonly end: NightEnd
  /** Nothing failed that the post hook did. */
  readonly whole: boolean
  /** Sections before it. */
  readonly before: ReadonlySet<number>
  /** Digest of what rsync made at the image's place, where that was the image as it was then, and nobody spoiled it. */
  readonly right: { readonly place: string; readonly digest: string } | undefined
  /** Nothing happened from its beginning to its end, and nothing stood in the way: the image was free, there was room. */
  readonly calm: boolean
  /** The same, but the image was in use all the time. */
  readonly calmInUse: boolean
}

/** Demands what holds after every night. */
export function expectAll(history: History, seen: Seen): void {
  const { lab } = history
  const report = seen.end.post?.report
  sectionsStay(history, seen)
  if (report !== undefined) reportIsTrue(history, report)
  bookIsTrue(history)
  if (report !== undefined && seen.right !== undefined) rightStays(history, report, seen.right)
  if (seen.calm) calmIsProven(history, report)
  noteNight(history, seen)
  if (seen.calmInUse) olderLies(history)
  bestIsKept(history)
  if (existsSync(imageOf(history))) {
    for (const name of readdirSync(join(imageOf(history), 'bands'))) {
      expect(lstatSync(join(imageOf(history), 'bands', name)).nlink, 'links to a file of the image').to.equal(1)
    }
  }
  if (seen.whole && report !== undefined) expect([...seedsOn(lab)], 'seeds that stay').to.deep.equal([])
  if (seen.whole && report !== undefined)
    expect(readFileSync(lab.excludesFile, 'utf8'), 'the excludes file').to.equal('')
}

/** No section's bytes change after the run that made it; what had no post hook is put right by the next pre hook. */
function sectionsStay({ lab, truth }: History, { before, end }: Seen): void {
  const sections = sectionsOf(lab)
  for (const { inode, path, name } of sections) {
    const content = contentOf(lab, path)
    const known = truth.sections.get(inode)
    if (before.has(inode) && known !== undefined && name !== 'Section.0' && inode !== truth.unsettled) {
      expect(content, `${name} changed after the run that made it`).to.equal(known)
    }
    truth.sections.set(inode, content)
  }
  if (end.copied) truth.unsettled = end.post?.ended === 'well' ? undefined : sections[0]?.inode
}

/** `proven` is said only of what equals the image at one moment. */
function reportIsTrue(history: History, report: Report): void {
  for (const image of report.images) {
    const inSection = copyOf(history, image)
    if (image.verdict === 'proven') {
      const unlike = existsSync(imageOf(history)) ? differing(inSection, imageOf(history)) : 'all'
      const what = `a copy reported as proven is one state of the image (unlike it now: ${unlike})`
      expect(history.truth.states, what).to.include(digestOf(inSection))
    }
    if (image.kept?.proven === true) {
      const older = keptOf(history, image)
      expect(older, 'there is an older copy').not.to.be.undefined
      expect(history.truth.states, 'an older copy reported as proven is one state of the image').to.include(older)
    }
  }
}

const copyOf = ({ lab }: History, { path }: ReportImage): string =>
  join(lab.destination, 'Section.0/source', fromPrintable(path).slice(lab.source.length))

/** An older copy comes to its place at rest. */
const keptOf = ({ lab }: History, { path }: ReportImage): string | undefined =>
  copiesIn(join(lab.destination, 'Section.0')).find(({ home }) => home === homeOf(fromPrintable(path)))?.digest

/** What a book of copies calls proven, with a manifest to vouch for it, is one state of the image. */
function bookIsTrue({ lab, truth }: History): void {
  const file = join(lab.folder, 'state/slots.json')
  if (!existsSync(file)) return
  const book = JSON.parse(readFileSync(file, 'utf8')) as SlotBook
  for (const known of book.slots.flatMap(({ copies }) => copies)) {
    if (known.label.verdict !== 'proven' || known.opened !== undefined || known.label.manifest === null) continue
    const path = pathOf(lab.destination, known)
    if (path === undefined || !existsSync(path) || isWritten(path, truth.written)) continue
    const what = `${path.slice(lab.destination.length)}, of ${known.label.madeAt}, known as proven, is one state of the image`
    expect(truth.states, what).to.include(digestOf(path))
  }
}

function pathOf(destination: string, { label, place }: KnownCopy): string | undefined {
  if (place.generation !== undefined) {
    return join(destination, '.lbackup-filevault/kept', label.slot, place.generation, imageName)
  }
  const names = readdirSync(destination).filter((name) => /^Section\.\d+$/.test(name))
  const name = names.find((one) => {
    const { ino, birthtimeMs } = lstatSync(join(destination, one))
    return ino === place.section?.inode && Math.floor(birthtimeMs) === place.section.born
  })
  return name === undefined ? undefined : join(destination, name, fromPrintable(label.copyPath))
}

/** Somebody wrote into it since a hook last had occasion to see that. */
const isWritten = (image: string, written: ReadonlySet<number>): boolean =>
  readdirSync(join(image, 'bands')).some((name) => written.has(lstatSync(join(image, 'bands', name)).ino))

/** What rsync made right is never set aside because of what came after rsync. */
function rightStays({ lab, truth }: History, { images }: Report, { place, digest }: NonNullable<Seen['right']>): void {
  const aside = images.filter(({ kept }) => kept?.done === 'set-aside')
  expect(
    aside.map(({ path, reason }) => `${path}: ${reason}`),
    'a right copy was set aside',
  ).to.deep.equal([])
  const path = join(lab.destination, 'Section.0/source', place)
  expect(existsSync(path), 'a right copy stays').to.be.true
  const now = digestOf(path)
  if (now !== digest) expect(truth.states, 'what stands for a right copy is right').to.include(now)
}

/** A night in which nothing is in the way ends with a proven copy: else "never wrong" would be easy. */
function calmIsProven(history: History, report: Report | undefined): void {
  const image = report?.images.find(({ path }) => fromPrintable(path) === imageOf(history))
  expect(image?.verdict, `a calm night: ${image?.reason ?? 'no verdict'}`).to.equal('proven')
}

/** What this night's report says is remembered; that it is true was seen before. */
function noteNight(history: History, { end }: Seen): void {
  const { lab, truth } = history
  const report = end.post?.report
  const copies = copiesOn(lab)
  noteSurprises(truth, new Set(copies.map(({ digest }) => digest)))
  noteCopies(truth, copies)
  const image = report?.images.find(({ path }) => fromPrintable(path) === imageOf(history))
  if (end.copied && image === undefined) {
    const made = copiesIn(join(lab.destination, 'Section.0'))
    for (const { home, digest } of made) if (home !== undefined) noteUntold(truth, home, digest)
  }
  if (image === undefined || image.kept?.madeAt !== undefined || !existsSync(copyOf(history, image))) return
  const digest = digestOf(copyOf(history, image))
  // Said loudly: nothing vouches for it any more. It counts like one whose structure is right.
  const unwritten = report?.findings.some(({ code }) => code === 'manifest-unwritten') === true
  if (image.verdict === 'proven' && !unwritten) noteProven(truth, lineOf(history), digest)
  else if (image.verdict === 'proven' || image.verdict === 'complete') noteKnown(truth, lineOf(history), digest)
}

/** An image left out has its newest good copy at its place. */
function olderLies(history: History): void {
  const newest = history.truth.proven.get(lineOf(history))?.at(-1)
  if (newest === undefined) return
  const found = copiesIn(join(history.lab.destination, 'Section.0')).map(({ digest }) => digest)
  const good = [newest, ...untoldOf(history.truth, lineOf(history))]
  const where = basename(dirname(placeOf(history)))
  expect(
    found.some((digest) => good.includes(digest)),
    `the newest good copy lies in Section.0 at ${where}`,
  ).to.be.true
}

/** Newer copies that are states of the image too; a hook that told nothing may have proven them. */
const untoldOf = ({ untold, states }: Truth, line: string): string[] =>
  [...(untold.get(homeIn(line)) ?? [])].filter((digest) => states.has(digest))

/** A copy as good as the best there ever was still exists. */
function bestIsKept({ lab, truth }: History): void {
  const there = new Set(copiesOn(lab).map(({ digest }) => digest))
  for (const [line, digests] of truth.proven) {
    const newest = digests.at(-1)
    const kept = newest === undefined || there.has(newest) || untoldOf(truth, line).some((one) => there.has(one))
    expect(kept, `the newest good copy of ${line} is kept`).to.be.true
  }
  for (const [line, digest] of truth.known) {
    const untold = [...(truth.untold.get(homeIn(line)) ?? [])]
    const kept = there.has(digest) || untold.some((one) => there.has(one))
    expect(kept, `the best known copy of ${line} is kept`).to.be.true
  }
  for (const [home, digests] of truth.ever) {
    expect(
      [...digests].some((digest) => there.has(digest)),
      `some copy of ${home} is kept`,
    ).to.be.true
  }
}
