import type { System } from '../system/system.js'

/** A machine that is backed up over ssh, and how it is reached. */
export interface Client {
  readonly system: System
  /** `user@host`, as LBackup's `sshSource` says. */
  readonly destination: string
  /** Where ssh keeps the socket by which all calls of a run share one login; undefined: each call logs in. */
  readonly control: string | undefined
  /** Limit of one call in seconds. */
  readonly callSeconds: number
}
