import type { WrongKind } from './proof-type.js'

/** What is known of one member. */
export type RowState = 'equal' | 'moved-on' | 'unchecked' | 'source-unreadable' | WrongKind

/** Receives each member of image and copy, by its row in either, and what is known of it. */
export type EachRow = (use: (state: RowState, source: number | undefined, copy: number | undefined) => void) => void
