import type { Config } from '../generated/config.js'
import type { Location } from './location.js'

/** What a rule says to one place of the configuration. */
export interface Remark {
  readonly severity: 'error' | 'warning'
  readonly location: Location
  readonly message: string
}

/** A rule about settings that only together are right or wrong; `isSet` tells what the file itself says. */
export type Rule = (config: Config, isSet: (location: Location) => boolean) => readonly Remark[]

export const error = (location: Location, message: string): Remark => ({ severity: 'error', location, message })
export const warning = (location: Location, message: string): Remark => ({ severity: 'warning', location, message })
