// Made from schemas/seen.schema.json by npm run generate.

/**
 * When it looked.
 */
export type Time = string
/**
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string
/**
 * Where it lies, or lay last.
 */
export type PrintablePath = string
/**
 * When it was frozen last.
 */
export type Time1 = string
/**
 * The folder.
 */
export type PrintablePath1 = string

/**
 * daemon/seen.json in the state folder: what the daemon saw last. The next daemon begins with it.
 */
export interface DaemonSeen {
  /**
   * Name and version of this format.
   */
  readonly schema: 'seen/1'
  readonly at: Time
  /**
   * The images that it follows.
   */
  readonly images: readonly DaemonImage[]
  /**
   * Who of their users was logged in; left out where that is not known.
   */
  readonly users?: readonly string[]
  /**
   * The folders that it searches.
   */
  readonly roots: readonly DaemonRoot[]
}
/**
 * One image.
 */
export interface DaemonImage {
  readonly slot: SlotId
  /**
   * Short name of its user.
   */
  readonly user: string
  readonly path: PrintablePath
  /**
   * Its inode.
   */
  readonly inode: number
  /**
   * there: at its path. missing: not at the last look. vanished: nowhere that was searched. unmounted: its volume is not mounted.
   */
  readonly lies: 'there' | 'missing' | 'vanished' | 'unmounted'
  /**
   * What used it when that was known last.
   */
  readonly state: 'detached' | 'attached' | 'changing' | 'in-use-elsewhere' | 'unknown'
  readonly frozenAt?: Time1
}
/**
 * One folder that is searched.
 */
export interface DaemonRoot {
  readonly path: PrintablePath1
  /**
   * It is there, with the volume that was mounted.
   */
  readonly stands: boolean
}
