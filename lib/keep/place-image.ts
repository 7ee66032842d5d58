import type { Manifest } from '../manifest/manifest-type.js'
import { readManifest } from '../prove/manifest-file.js'
import { buildImage } from './build-image.js'
import { carried } from './carried.js'
import type { StandingCopy } from './standing-type.js'
import { imageName } from './store-layout.js'
import { join } from '../text/raw-path.js'
import type { Work } from './work-folder.js'

/** An image built in the work folder from a known copy. */
export interface BuiltCopy {
  /** undefined: nothing vouches for it. */
  readonly manifest: Manifest | undefined
  /** Its data is also that of the copy it was built from. */
  readonly shared: boolean
}

/**
 * Given a standing copy, build the same image in the work folder, checked member by member against its manifest where it
 * has one that vouches. Throws OperationalError.
 */
export function buildFrom(copy: StandingCopy, work: Work, how: 'link' | 'clone-or-link'): BuiltCopy {
  const { label } = copy.known
  const name = imageName(label)
  const read =
    label.manifest === null || copy.known.opened !== undefined
      ? undefined
      : readManifest(copy.manifestFolder, label.slot, label.container, label.manifest)
  const manifest = read === undefined || 'unusable' in read ? undefined : read
  const { shared } = buildImage({
    from: copy.image,
    container: label.container,
    into: work.built,
    name,
    how,
    ...(manifest === undefined ? {} : { only: manifest }),
  })
  return { manifest: manifest && carried(manifest, join(work.built.path, name), label.container), shared }
}
