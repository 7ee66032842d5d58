import type { PolicyConfig } from '../generated/config.js'

export type { PolicyMatch } from '../generated/config.js'

/** One entry of `policies` with its defaults filled in. */
export type Policy = PolicyConfig

/** Used where no policy fits. Nothing in use is ever taken for safe; what cannot be seen is copied and checked. */
export const fallbackPolicy: Policy = {
  when: 'detached',
  ifInUse: 'leave-out',
  ifUnknown: 'copy-and-prove',
  waitMinutes: 0,
  ifStillInUse: 'leave-out',
  allowClearText: false,
}
