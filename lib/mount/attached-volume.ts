import type { RawPath } from '../text/raw-path.js'
import type { HdiutilAnswer } from './hdiutil-answer.js'
import type { LinuxPlaces } from './linux.js'

/** A volume of an image, wherever that image lies: mounted here, its files are clear text. */
export interface AttachedVolume {
  readonly mountPoint: RawPath
  /** The image, as shown to people. */
  readonly image: string
}

/** All volumes of images on this machine, and what could not be found out about them, a sentence with the cure each. */
export interface AttachedVolumes {
  readonly volumes: readonly AttachedVolume[]
  readonly problems: readonly string[]
}

/** What is known already, and where the kernel keeps the rest; the latter for tests. */
export interface AttachedOptions {
  /** What `askHdiutil` answered; it is asked unless given. */
  readonly attached?: HdiutilAnswer
  readonly places?: Partial<Pick<LinuxPlaces, 'processes' | 'blockDevices'>>
}
