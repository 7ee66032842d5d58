import { OperationalError } from '../finding/operational-error.js'
import type { CopyLabel } from '../generated/copy.js'
import { validateCopy } from '../generated/validators.js'
import type { Container } from '../image/image.js'
import { fingerprintText } from '../manifest/fingerprint-text.js'
import type { Manifest, ManifestDigests } from '../manifest/manifest-type.js'
import { mtreeText } from '../manifest/mtree-text.js'
import { fingerprintReader } from '../manifest/read-fingerprints.js'
import { mtreeReader } from '../manifest/read-mtree.js'
import { isTrouble, systemCode } from '../system/file-system-error.js'
import { linkIn, writeFileIn } from '../system/folder-writes.js'
import { look, names, withFolder, type Folder } from '../system/folder.js'
import { readLines } from '../system/line-file.js'
import { writePieces } from '../system/text-file.js'
import { readSmallFile } from '../look/small-file.js'
import type { RawPath } from '../text/raw-path.js'

/** What cannot be used, with half a sentence why. */
export interface Unusable {
  readonly unusable: string
  /** The disk did not give it: it may be what it was. */
  readonly unseen?: true
}

// A row of mtree(5) with a name of 255 bytes, each in four characters.
const limits = { longest: 2048, mostBytes: 4 * 1024 * 1024 * 1024 }
// What a band's row takes at least, its digest with it.
const rowBytes = 110
const labelBytes = 64 * 1024

const named = (slot: string, suffix: string): RawPath => `${slot}.${suffix}` as RawPath

/** A manifest, or where the two files of one lie that holds as they are. */
export type ManifestSource = Manifest | { readonly folder: RawPath; readonly digests: ManifestDigests }

/**
 * Given a held folder of ours, a slot, a manifest and what the label says, write SLOT.mtree, SLOT.jsonl and SLOT.json
 * and return the digests that make the manifest vouch. Throws OperationalError, also where one of them stands.
 */
export function writeManifest(
  folder: Folder,
  slot: string,
  manifest: ManifestSource,
  label: Omit<CopyLabel, 'schema' | 'slot' | 'manifest'>,
): ManifestDigests {
  const digests = 'folder' in manifest ? linkFiles(folder, slot, manifest) : writeFiles(folder, slot, manifest)
  writeLabel(folder, { ...label, schema: 'copy/1', slot, manifest: digests })
  return digests
}

function writeFiles(folder: Folder, slot: string, manifest: Manifest): ManifestDigests {
  const mtree = writePieces(folder, named(slot, 'mtree'), mtreeText(manifest))
  return { mtree, fingerprints: writePieces(folder, named(slot, 'jsonl'), fingerprintText(manifest, slot)) }
}

/** Whoever changed them since they were read changed nothing that vouches: their digests are those in the state folder. */
function linkFiles(
  folder: Folder,
  slot: string,
  { folder: from, digests }: Exclude<ManifestSource, Manifest>,
): ManifestDigests {
  withFolder(from, (held) => {
    for (const suffix of ['mtree', 'jsonl']) linkIn(held, named(slot, suffix), folder, named(slot, suffix))
  })
  return digests
}

/** Given a held folder of ours and a label, write it as SLOT.json. Throws OperationalError, also where it stands. */
export function writeLabel(folder: Folder, label: CopyLabel): void {
  writeFileIn(folder, named(label.slot, 'json'), `${JSON.stringify(label, undefined, 1)}\n`)
}

/**
 * Given a folder, a slot and the digests that the state folder (or, unvouched for, the label) names, return the
 * manifest. Nothing is used unless both files have these digests and the form that `writeManifest` gives them.
 */
export function readManifest(
  folder: RawPath,
  slot: string,
  container: Container,
  digests: ManifestDigests,
): Manifest | Unusable {
  return orUnusable(() =>
    withFolder(folder, (held) => {
      const reader = mtreeReader(container, Math.ceil((look(held, named(slot, 'mtree'))?.size ?? 0) / rowBytes))
      const mtree = readLines(held, named(slot, 'mtree'), limits, (line) => reader.line(line))
      if (mtree !== digests.mtree) return { unusable: `${slot}.mtree is not the one that was written` }
      const manifest = reader.finish()
      if (manifest === undefined) return { unusable: `${slot}.mtree ends too early` }
      const rest = fingerprintReader(manifest, slot)
      const fingerprints = readLines(held, named(slot, 'jsonl'), limits, (line) => rest.line(line))
      if (fingerprints !== digests.fingerprints || !rest.finish()) {
        return { unusable: `${slot}.jsonl is not the one that was written` }
      }
      return manifest
    }),
  )
}

/** Given a folder and a slot, return the label there; undefined where there is none. */
export function readLabel(folder: RawPath, slot: string): CopyLabel | Unusable | undefined {
  const read = orUnusable(() => withFolder(folder, (held) => readSmallFile(held, named(slot, 'json'), labelBytes)))
  if ('unusable' in read) return read
  if (read.state === 'missing') return undefined
  if (read.state !== 'read') return { unusable: `${slot}.json is ${read.fault}` }
  try {
    const label: unknown = JSON.parse(read.bytes.toString('utf8'))
    if (validateCopy(label) && (label as CopyLabel).slot === slot) return label as CopyLabel
  } catch {
    // Said below.
  }
  return { unusable: `${slot}.json is no label of this slot` }
}

/** Given a folder, return the slots of which a label lies there; none where there is no such folder. */
export function slotsIn(folder: RawPath): string[] {
  try {
    return withFolder(folder, names)
      .flatMap((name) => /^([a-z0-9-]{1,64})\.json$/.exec(name)?.[1] ?? [])
      .sort()
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code)) return []
    throw error
  }
}

/** What users may have done to the files is no reason to end a run. */
function orUnusable<Result>(read: () => Result): Result | Unusable {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { unusable: error.message.replace(/\.$/, ''), ...(isTrouble(error) ? { unseen: true } : {}) }
  }
}
