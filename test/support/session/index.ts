export { makeLab, type Lab, type LabClient, type LabOptions } from './lab.js'
export {
  hosts,
  needHost,
  runSession,
  startSession,
  type Host,
  type RunningSession,
  type SessionOptions,
  type SessionResult,
} from './session.js'
export type { EventActions, SessionEvent } from './events.js'
