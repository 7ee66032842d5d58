import type { Random } from './random.js'

/** What is fuzzed: one parser, with real inputs to change. */
export interface Target {
  /** Real inputs, or made ones where there are none. */
  readonly seeds: readonly Buffer[]
  /** Words that occur in its inputs. */
  readonly words?: readonly string[]
  /** Makes checksums right again, so that what lies behind them is reached. Changes the bytes. */
  readonly mend?: (bytes: Buffer, random: Random) => void
  /** Parses. May throw OperationalError and nothing else, and what it returns must hold together. */
  readonly run: (bytes: Buffer, random: Random) => void
}

/** Makes a target; given a folder for files it needs. Throws where a program or an image that it needs is missing. */
export type MakeTarget = (scratch: string) => Target
