import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { askHdiutil } from '../mount/hdiutil-answer.js'
import { hdiutilLimitBytes } from '../mount/hdiutil.js'
import { pause } from '../system/clock.js'
import type { System } from '../system/system.js'
import { baseName, fromText, join, parent, toBytes, type RawPath } from '../text/raw-path.js'
import { parseHdiutilAttach, type AttachedDisk } from './entities.js'
import { isBusy, refusalOf, type Refusal } from './refusal.js'

export interface AttachOrder {
  /** An image of our own, in a folder whose name no other one has; never one that a section or a source holds. */
  readonly image: RawPath
  /** Hands its passphrase to `use`; without it the image is not encrypted. */
  readonly passphrase?: <Result>(use: (bytes: Buffer) => Promise<Result>) => Promise<Result>
  readonly cancel?: AbortSignal
}

/** What came of an attachment, and the device where it could not be undone. */
export interface Attachment<Result> {
  readonly came: Result | { readonly refused: Refusal }
  /** `/dev/disk6`, or words where its name is not known. */
  readonly stillAttached?: string
}

/** Seconds between the attempts to detach what is busy; for tests. */
export const patience = { seconds: [1, 2, 4, 8, 16] as readonly number[] }

const options = ['-readonly', '-nomount', '-noverify', '-noautofsck', '-plist'] as const

/**
 * Given the machine and an image of our own, attach it read-only and unmounted, hand its disk to `use`, and detach it
 * whatever happens: also where hdiutil says that it failed, for one that was ended may have attached it before.
 */
export async function withAttached<Result>(
  system: System,
  order: AttachOrder,
  use: (disk: AttachedDisk) => Promise<Result>,
): Promise<Attachment<Result>> {
  let device: string | undefined
  let came: Attachment<Result>['came']
  let failure: { readonly error: unknown } | undefined
  try {
    const disk = await attach(system, order)
    if ('refused' in disk) came = disk
    else {
      device = disk.device
      came = await use(disk)
    }
  } catch (error) {
    failure = { error }
    came = { refused: { because: '', cure: '' } }
  }
  const stillAttached = await detachAll(system, order.image, device)
  if (failure !== undefined && !(failure.error instanceof OperationalError)) throw failure.error
  if (failure?.error instanceof OperationalError) {
    const { message, cure } = failure.error
    came = { refused: { because: message.replace(/\.$/, ''), cure } }
  }
  return { came, ...(stillAttached === undefined ? {} : { stillAttached }) }
}

async function attach(
  system: System,
  { image, passphrase, cancel }: AttachOrder,
): Promise<AttachedDisk | { readonly refused: Refusal }> {
  const call = (secret?: Buffer) =>
    system.tool('hdiutil', ['attach', ...options, ...(secret === undefined ? [] : ['-stdinpass']), argument(image)], {
      maxOutputBytes: hdiutilLimitBytes,
      ...(secret === undefined ? {} : { input: secret }),
      ...(cancel === undefined ? {} : { cancel }),
    })
  const result = await (passphrase === undefined
    ? call()
    : passphrase(async (bytes) => {
        // It is read up to a NUL or the end.
        const input = Buffer.alloc(bytes.length + 1)
        bytes.copy(input)
        try {
          return await call(input)
        } finally {
          input.fill(0)
        }
      }))
  return result.exitCode === 0 ? parseHdiutilAttach(result.stdout) : { refused: refusalOf(result) }
}

/** Names that are not UTF-8 cannot be arguments. */
function argument(image: RawPath): string {
  const text = toBytes(image).toString('utf8')
  if (fromText(text) === image) return text
  throw new OperationalError(
    'name-unusable',
    'The path of the backup disk is not UTF-8, so no program can be told of it',
    'Give the folders on the way to the backup disk other names.',
  )
}

/** Returns what is still attached. */
async function detachAll(system: System, image: RawPath, device: string | undefined): Promise<string | undefined> {
  if (device !== undefined && (await detach(system, device))) return undefined
  const listed = await devicesOf(system, image)
  if (listed === 'unknown') return device ?? 'a device whose name is not known'
  const left: string[] = []
  for (const one of listed) if (one === device || !(await detach(system, one))) left.push(one)
  return left[0]
}

/** Given an image, detach what `hdiutil info` lists of it, and tell whether nothing of it is attached then. */
export const detachImages = async (system: System, folder: RawPath): Promise<boolean> => {
  const listed = await devicesOf(system, join(folder, 'any'))
  if (listed === 'unknown') return false
  const detached: boolean[] = []
  for (const one of listed) detached.push(await detach(system, one))
  return detached.every(Boolean)
}

/** The folder's name is ours alone; the way to it may be spelled otherwise by the system. */
async function devicesOf(system: System, image: RawPath): Promise<string[] | 'unknown'> {
  const { attached, problem } = await askHdiutil(system)
  if (problem !== undefined) return 'unknown'
  const ours = attached.filter(({ imagePath }) => baseName(parent(imagePath)) === baseName(parent(image)))
  return ours.map(({ devices }) => [...devices].sort((one, other) => one.length - other.length)[0] ?? 'a device')
}

async function detach(system: System, device: string): Promise<boolean> {
  for (let attempt = 0; ; attempt += 1) {
    const result = await system.tool('hdiutil', ['detach', device])
    if (result.exitCode === 0) return true
    const seconds = patience.seconds[attempt]
    if (seconds === undefined || !isBusy(result)) return false
    await pause(seconds)
  }
}
