import type { Context } from 'mocha'
import { skip } from '../../support/skip.js'
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, statSync, writeFileSync } from 'node:fs'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { join as joinRaw, toBytes, type RawPath } from '../../../lib/text/raw-path.js'
import type { UsageSubject } from '../../../lib/mount/usage.js'

const children: ChildProcess[] = []

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    // The group: flock has a child of its own.
    process.kill(-(child.pid as number), 'SIGKILL')
    await ended
  }
})

/** Starts a process that holds this file open, and nothing else of it, until the test ends. */
export function hold(path: RawPath, flags = 'r'): number {
  const descriptor = openSync(toBytes(path), flags)
  // Node returns once the program runs.
  const child = spawn('sleep', ['1000'], { stdio: ['ignore', 'ignore', 'ignore', descriptor], detached: true })
  closeSync(descriptor)
  children.push(child)
  return child.pid as number
}

/** Starts a program and returns its pid once it has printed a line. */
export async function started(file: string, args: readonly string[], stdio: readonly number[] = []): Promise<number> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit', ...stdio], detached: true })
  children.push(child)
  const line = await Promise.race([
    once(child.stdout as NodeJS.ReadableStream, 'data').then(([data]) => String(data)),
    once(child, 'exit').then(() => 'ended'),
  ])
  if (line === 'ended') throw new Error(`${file} ended before it was ready`)
  return child.pid as number
}

/** Makes a small bundle: both plists, a token, a lock and two bands. */
export function makeBundle(path: RawPath): UsageSubject {
  mkdirSync(toBytes(joinRaw(path, 'bands')), { recursive: true })
  for (const name of ['Info.plist', 'Info.bckup', 'token', 'lock', 'bands/0', 'bands/1f']) {
    writeFileSync(toBytes(joinRaw(path, name)), Buffer.from(name))
  }
  return subject(path, 'sparse-bundle')
}

/** Makes a file and returns it as a sparse image. */
export function makeImage(path: RawPath, content: Buffer | string = 'sprs'): UsageSubject {
  writeFileSync(toBytes(path), content)
  return subject(path, 'sparse-image')
}

export function subject(path: RawPath, container: UsageSubject['container']): UsageSubject {
  const { dev, ino } = statSync(toBytes(path))
  return { path, container, device: dev, inode: ino }
}

/** For `before`: skips what needs the kernel of Linux, and root for mounts, loop devices and the descriptors of others. */
export function needsLinuxAsRoot(context: Context): void {
  if (process.platform !== 'linux') skip(context, 'needs Linux')
  if (process.geteuid?.() !== 0) skip(context, 'needs root')
}
