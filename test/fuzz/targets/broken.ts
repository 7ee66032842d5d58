import { Buffer } from 'node:buffer'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import type { MakeTarget } from '../target-type.js'

const broken =
  (parse: (bytes: Buffer) => void): MakeTarget =>
  () => ({ seeds: [Buffer.from('length=5\n')], words: ['='], run: parse })

let kept: Buffer[] = []

/** Parsers with a bug, by which the fuzzing itself is tested; only run where they are named. */
export const brokenTargets: Readonly<Record<string, MakeTarget>> = {
  'broken-error': broken((bytes) => {
    if (!bytes.includes('=')) throw new OperationalError('no-value', 'There is no value.', 'Write one.')
    if (bytes.includes('==')) throw new TypeError('a bug')
  }),
  'broken-loop': broken((bytes) => {
    for (let at = bytes.indexOf('=='); at >= 0;) at = bytes.indexOf('==')
  }),
  'broken-memory': broken((bytes) => {
    kept = bytes.includes('==') ? Array.from({ length: 8 }, () => Buffer.alloc(64 * 1024 * 1024, 1)) : kept
  }),
  'broken-slow': broken(() => {
    // Two a second: never ten thousand.
    for (const end = performance.now() + 500; performance.now() < end;);
  }),
  'broken-seeds': () => {
    throw new Error('the program is not there')
  },
}
