import type { Manifest } from '../manifest/manifest-type.js'
import { readManifest, type ManifestSource } from '../prove/manifest-file.js'
import { buildImage } from './build-image.js'
import { carried } from './carried.js'
import type { StandingCopy } from './standing-type.js'
import { imageName } from './store-layout.js'
import { join } from '../text/raw-path.js'
import { copyChanged } from './copy-changed.js'
import type { Work } from './work-folder.js'

/** An image built in the work folder from a known copy. */
export interface BuiltCopy {
  /** undefined: nothing vouches for it. */
  readonly manifest: ManifestSource | undefined
  /** Its data is also that of the copy it was built from. */
  readonly shared: boolean
}

/**
 * Given a standing copy, build the same image in the work folder, checked member by member against its manifest where it
 * has one that vouches. Throws OperationalError, `copy-changed` where the copy or its manifest is not what it was.
 */
export function buildFrom(copy: StandingCopy, work: Work, how: 'link' | 'clone-or-link'): BuiltCopy {
  const { label } = copy.known
  const name = imageName(label)
  const manifest = manifestOf(copy)
  const { shared } = buildImage({
    from: copy.image,
    container: label.container,
    into: work.built,
    name,
    how,
    ...(manifest === undefined ? {} : { only: manifest }),
  })
  if (manifest === undefined || label.manifest === null) return { manifest: undefined, shared }
  // Links are the very files that it speaks of.
  if (shared) return { manifest: { folder: copy.manifestFolder, digests: label.manifest }, shared }
  return { manifest: carried(manifest, join(work.built.path, name), label.container), shared }
}

function manifestOf({ known: { label, opened }, manifestFolder, image }: StandingCopy): Manifest | undefined {
  if (label.manifest === null || opened !== undefined) return undefined
  const manifest = readManifest(manifestFolder, label.slot, label.container, label.manifest)
  if (!('unusable' in manifest)) return manifest
  throw copyChanged(image, `has no manifest that vouches for it any more (${manifest.unusable})`)
}
