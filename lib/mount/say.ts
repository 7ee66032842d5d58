import type { RawPath } from '../text/raw-path.js'
import type { Clue } from './clue.js'
import type { Watched } from './members.js'

/** Takes a clue about the image of that path. */
export type Say = (image: RawPath, clue: Clue) => void

/** Given images and why nothing could be found out about them, say so of each. */
export const sayUnknown = (images: readonly Watched[], say: Say, evidence: string): void => {
  for (const { subject } of images) say(subject.path, { says: 'unknown', evidence })
}
