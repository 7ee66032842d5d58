// Made from schemas/audit.schema.json by npm run generate.

/**
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string
/**
 * The image at its source, where that is known; else its place in the section.
 */
export type PrintablePath = string
/**
 * A moment in UTC, ISO 8601.
 */
export type Time = string

/**
 * What audit --json prints.
 */
export interface Audit {
  /**
   * Name and version of this format.
   */
  readonly schema: 'audit/1'
  /**
   * Every image in the set.
   */
  readonly slots: readonly AuditSlot[]
}
/**
 * One image and its copies.
 */
export interface AuditSlot {
  readonly slot: SlotId
  readonly path: PrintablePath
  /**
   * Every section, newest first.
   */
  readonly sections: readonly AuditSection[]
  /**
   * Number of the newest section with a complete copy; null: none has one.
   */
  readonly newestComplete: number | null
  /**
   * The newest copy against the image; null where the source was not named, or is gone.
   */
  readonly compared: AuditCompared | null
}
/**
 * The copy in one section.
 */
export interface AuditSection {
  /**
   * Number of the section.
   */
  readonly section: number
  /**
   * When its folder was made; null where the file system does not tell.
   */
  readonly madeAt: Time | null
  /**
   * complete: the structure is right. incomplete: it is damaged. absent: the section has none.
   */
  readonly state: 'complete' | 'incomplete' | 'absent'
  /**
   * What is damaged.
   */
  readonly why: string | null
  /**
   * Sum of the members' sizes.
   */
  readonly bytes: number
}
/**
 * The newest copy against the image.
 */
export interface AuditCompared {
  /**
   * Number of the section that was compared: the newest with a copy.
   */
  readonly section: number
  /**
   * true: byte for byte. false: names, sizes and times.
   */
  readonly read: boolean
  /**
   * Whether every byte is equal; null: not compared, or not to the end.
   */
  readonly equal: boolean | null
  /**
   * Members that LBackup took for unchanged although they had changed.
   */
  readonly missed: number
  /**
   * What came of it.
   */
  readonly text: string
}
