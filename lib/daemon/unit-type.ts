/** What the units of the daemon and of its timer are made from. Paths absolute, ordinary text. */
export interface UnitFacts {
  /** By which the state of the configuration is known, 16 hexadecimal digits. */
  readonly id: string
  readonly node: string
  /** The command line's program. */
  readonly program: string
  readonly configurationFile: string
  /** All that the daemon writes to: its state folder, and the staging folder where it freezes images. */
  readonly writable: readonly string[]
  /** The folders whose images it follows. */
  readonly roots: readonly string[]
  /** It freezes images, which takes rights of its own. */
  readonly freezes: boolean
  /** Images on another machine are not followed between backups; the timer alone is made. */
  readonly followsImages: boolean
  readonly alarmMinutes: number
}

/** One file of the service manager. */
export interface Unit {
  readonly name: string
  readonly text: string
  /** It is what is started and enabled; the others belong to one that is. */
  readonly started: boolean
}
