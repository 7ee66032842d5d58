export { imageDigest } from './digest.js'
export type { ImageKind } from './home-image.js'
export { clearTextOf, simulatedMac, unmountHomes, type Moment, type SimulatedMac } from './mac.js'
export { random, type Random } from './random.js'
