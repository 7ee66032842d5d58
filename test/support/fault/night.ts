import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { readRecord } from '../../../lib/run/record.js'
import { lockHolder } from '../../../lib/lbackup/lock.js'
import { mark } from '../../../lib/link/markers.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../image-writer/sparse-bundle.js'
import { protect } from '../protect.js'
import {
  makeLab,
  runSession,
  type Lab,
  type LabOptions,
  type SessionOptions,
  type SessionResult,
} from '../session/index.js'
import { builtPackage } from './package-copy.js'
import { standIn, type StandIn } from './stand-in.js'

/** What the administrator wrote: odd line ends, no end of the last line, bytes that are no UTF-8. */
export const excludes = Buffer.from('*.tmp\r\n\n# caf\xe9 \\[\n- /never/\xff\xfe\nlast line without end', 'latin1')
const mode = 0o640

/** A lab with both hooks, one FileVault home (so that a block is needed) and a stand-in for Node. */
export interface FaultLab {
  readonly lab: Lab
  readonly node: StandIn
  readonly stateFolder: string
}

export interface Night extends SessionResult {
  /** What this session added to the log. */
  readonly said: string
}

/** Makes a lab whose hooks run through a stand-in for Node, in a new folder or in the one given. */
export function faultLab(config: Record<string, unknown> = {}, folder?: string, options: LabOptions = {}): FaultLab {
  const lab = makeLab(options, folder)
  mkdirSync(join(lab.source, 'alice'))
  writeSparseBundle(join(lab.source, 'alice/alice.sparsebundle'), { bands: [{ index: 0, length: 8192 }] })
  writeFileSync(lab.excludesFile, excludes)
  chmodSync(lab.excludesFile, mode)
  const node = standIn(lab.folder)
  const stateFolder = protect(lab, config, { node: node.path, package: builtPackage() })
  return { lab, node, stateFolder }
}

/** Given a lab, run a session and return also what it added to the log. */
export async function night({ lab }: FaultLab, options: SessionOptions = {}): Promise<Night> {
  const before = existsSync(lab.logFile) ? lab.log().length : 0
  const result = await runSession('ours', lab, options)
  return { ...result, said: result.log.slice(before) }
}

/** Demands that the excludes file is the administrator's, to the byte, with its mode. */
export function expectOwnExcludes({ lab }: FaultLab, when: string): void {
  expect(readFileSync(lab.excludesFile).toString('latin1'), when).to.equal(excludes.toString('latin1'))
  expect(statSync(lab.excludesFile).mode & 0o7777, when).to.equal(mode)
}

/** Tells whether a block of ours is in the excludes file. */
export const blockInForce = ({ lab }: FaultLab): boolean => readFileSync(lab.excludesFile, 'latin1').includes(mark)

/** Given a lab after a hook died, return what the next run is to say of it. */
export function announcements({ stateFolder }: FaultLab): RegExp[] {
  const folder = fromText(stateFolder)
  const record = readRecord(folder)
  const unfinished = record !== undefined && 'state' in record && record.state !== 'finished'
  return [
    ...(lockHolder(folder) === undefined ? [] : [/The lock of the run that began at .* was taken over/]),
    ...(unfinished ? [/The run that began at .* ended without its post-backup hook/] : []),
  ]
}

/** Demands that a session without faults works, ends complete, says these things and leaves nothing behind. */
export async function expectGoodNight(fault: FaultLab, says: readonly RegExp[], when: string): Promise<void> {
  const { exitCode, said } = await night(fault)
  expect(exitCode, `${when}; then: ${said}`).to.equal(0)
  expect(said, when).to.match(/lbackup-filevault: proven: .*alice\.sparsebundle/)
  expect(said, when).not.to.match(/ERROR!/)
  for (const sentence of says) expect(said, when).to.match(sentence)
  if (says.length === 0) expect(said, when).not.to.match(/taken over|ended without/)
  expectOwnExcludes(fault, when)
  expect(leftOvers(fault), when).to.deep.equal([])
}

/** Files with names of our own making that are left where they do not belong. */
export function leftOvers({ lab, stateFolder }: FaultLab): string[] {
  const store = join(lab.destination, '.lbackup-filevault')
  return [lab.configurationFolder, stateFolder, join(stateFolder, 'lock'), store].flatMap((folder) =>
    !existsSync(folder)
      ? []
      : readdirSync(folder)
          .filter((name) => name.endsWith('.new') || name.includes('.lbackup-filevault.'))
          .map((name) => join(folder, name)),
  )
}
