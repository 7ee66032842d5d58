// Made from schemas/audit.schema.json by npm run generate.

/**
 * The set that was looked at.
 */
export type PrintablePath = string
/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath1 = string
/**
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string
/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath2 = string
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
  readonly backupDest: PrintablePath
  /**
   * LBackup's backupSource as it was named; null: it was not.
   */
  readonly source: PrintablePath1 | null
  /**
   * Bytes were read, not only names, sizes and times.
   */
  readonly read: boolean
  /**
   * Every section, newest first.
   */
  readonly sections: readonly AuditPlace[]
  /**
   * Numbers missing between the sections.
   */
  readonly holes: readonly number[]
  /**
   * Section.inprogress is there; it was left out.
   */
  readonly inProgress: boolean
  /**
   * What could not be looked into, so that an image may be missed there: one sentence each, the first ten.
   */
  readonly unsearched: readonly string[]
  /**
   * Every image in the set.
   */
  readonly slots: readonly AuditSlot[]
  /**
   * The worst of all. bad: an image has no complete copy, or its newest one is bad. unknown: something could not be looked at. warning: changes were missed or may have been, or a copy or section is not as it should be.
   */
  readonly outcome: 'fine' | 'warning' | 'bad' | 'unknown'
}
/**
 * One section.
 */
export interface AuditPlace {
  /**
   * Its number.
   */
  readonly section: number
  /**
   * What stands there; of a source that is one file the section is that file.
   */
  readonly kind: 'folder' | 'link' | 'file' | 'other'
}
/**
 * One image and its copies.
 */
export interface AuditSlot {
  readonly slot: SlotId
  readonly path: PrintablePath2
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
   * complete: the structure is right. incomplete: it is damaged, or the disk cannot read it. absent: the section has none. unreadable: it may not be read.
   */
  readonly state: 'complete' | 'incomplete' | 'absent' | 'unreadable'
  /**
   * What is damaged, or why there is none.
   */
  readonly why: string | null
  /**
   * Sum of the members' sizes.
   */
  readonly bytes: number
  readonly missed: AuditMembers
  readonly suspected: AuditMembers1
}
/**
 * Members that LBackup linked from an older section although the image had changed by then.
 */
export interface AuditMembers {
  /**
   * How many.
   */
  readonly count: number
  /**
   * The first twenty, relative to the bundle; of a sparse image its own name.
   */
  readonly members: readonly string[]
}
/**
 * Members of which that may be so, or which the next run will miss.
 */
export interface AuditMembers1 {
  /**
   * How many.
   */
  readonly count: number
  /**
   * The first twenty, relative to the bundle; of a sparse image its own name.
   */
  readonly members: readonly string[]
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
   * false: the image or its copy could not be looked at.
   */
  readonly seen: boolean
  /**
   * Members that LBackup took for unchanged although they had changed.
   */
  readonly missed: number
  /**
   * What came of it.
   */
  readonly text: string
}
