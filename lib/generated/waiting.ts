// Made from schemas/waiting.schema.json by npm run generate.

/**
 * The place an image belongs: the same whether it lies in /Users/bob or /Users/.bob.
 */
export type SlotId = string
/**
 * A path as printed in messages: bytes that are no UTF-8, controls and backslashes are written \xHH.
 */
export type PrintablePath = string
/**
 * When this run began to wait for it.
 */
export type Time = string
/**
 * It is waited for no longer than this.
 */
export type Time1 = string

/**
 * waiting.json in the state folder: what the pre-backup hook waits for. It is there only while the hook waits; where its process is gone, it says nothing.
 */
export interface WaitingRecord {
  /**
   * Name and version of this format.
   */
  readonly schema: 'waiting/1'
  /**
   * The run that waits.
   */
  readonly run: string
  readonly process: WaitingProcess
  /**
   * The images that are waited for, all at the same time.
   */
  readonly images: readonly AwaitedImage[]
}
/**
 * The process that waits, told apart from every other one.
 */
export interface WaitingProcess {
  /**
   * Process id.
   */
  readonly pid: number
  /**
   * When it started, in the system's own words.
   */
  readonly startTime: string
  /**
   * Differs after every start of the machine.
   */
  readonly bootId: string
}
/**
 * One image that is waited for.
 */
export interface AwaitedImage {
  readonly slot: SlotId
  readonly path: PrintablePath
  /**
   * The user whose image this is.
   */
  readonly user: string
  /**
   * What used it when the wait began.
   */
  readonly usedBy: readonly string[]
  readonly since: Time
  readonly until: Time1
}
