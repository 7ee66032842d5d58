import { existsSync, mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import type * as hashModule from '../../../lib/prove/hash.js'
import { hash, queuesFor, shared, type HashRequest } from '../../../lib/prove/hash.js'
import { memberTable } from '../../../lib/look/member-table.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const dist = new URL('../../../dist/', import.meta.url)
const mebibyte = 1024 * 1024

/** Two files of an image, together more than pays in one thread, and an order to hash them. */
function order(): { request: HashRequest; expected: string[] } {
  const folder = join(temporaryFolder(), 'a.sparsebundle')
  mkdirSync(join(folder, 'bands'), { recursive: true })
  const paths = ['0', '1'].map((name) => join(folder, 'bands', name))
  paths.forEach((path, at) => {
    writeFileSync(path, `content ${String(at)}`)
    truncateSync(path, 40 * mebibyte)
  })
  const { parts, length } = memberTable({ path: fromText(folder), container: 'sparse-bundle' })
  const rows = [length - 2, length - 1]
  return {
    request: {
      sides: [{ folder: fromText(folder), parts, digests: shared(Uint8Array, length * 32), device: 0 }],
      jobs: Uint32Array.from(rows, (row) => row * 2),
      bytes: 80 * mebibyte,
      longest: 40 * mebibyte,
      deadline: Infinity,
      readers: 2,
    },
    expected: paths.map((path) => createHash('sha256').update(readFileSync(path)).digest('hex')),
  }
}

const digestsOf = ({ sides: [side], jobs }: HashRequest): string[] =>
  [...jobs].map((job) => Buffer.from(side?.digests.slice(job * 16, job * 16 + 32) ?? []).toString('hex'))

describe('threads that hash', () => {
  for (const [where, load] of [
    ['from sources', () => Promise.resolve({ hash })],
    ['from the library as built', () => import(new URL('lib/prove/hash.js', dist).href) as Promise<typeof hashModule>],
  ] as const) {
    it(`work ${where}`, async () => {
      const { request, expected } = order()
      const built = await load()
      const done = await built.hash(request)
      expect(done).to.include({ files: 2, bytes: 80 * mebibyte })
      expect(digestsOf(request).sort()).to.deep.equal(expected.sort())
    })
  }

  it('work from the one folder that the launcher vouches for', async () => {
    const hooks = new URL('hooks/', dist)
    const found = readdirSync(hooks)
      .filter((name) => name.endsWith('-backup.js'))
      .flatMap((name) => [...readFileSync(new URL(name, hooks), 'utf8').matchAll(/new URL\("\.\/([a-z-]+\.js)"/g)])
    const started = [...new Set(found.map(([, name]) => name as string))].sort()
    // What starts them looks beside itself.
    expect(started).to.deep.equal(['check-tasks.js', 'freeze-tasks.js', 'hash-tasks.js', 'worker-entry.js'])
    for (const name of started) expect(existsSync(fileURLToPath(new URL(name, hooks))), name).to.be.true
    const [entry, module] = ['worker-entry.js', 'hash-tasks.js'].map((name) => new URL(name, hooks)) as [URL, URL]
    const { request, expected } = order()
    const { sides, jobs, deadline, longest } = request
    const states = shared(Uint8Array, 2)
    const next = shared(Int32Array, 2)
    next[1] = 2
    const data = { sides, jobs, states, next, queue: 0, deadline, longest }
    const worker = new Worker(entry, { workerData: { module: module.href, task: 'hashMembers', data } })
    const [answer] = (await once(worker, 'message')) as [unknown]
    expect(answer).to.deep.equal({ result: { bytes: 80 * mebibyte, files: 2, failures: [undefined] } })
    expect(digestsOf(request)).to.deep.equal(expected)
    expect([...states]).to.deep.equal([1, 1])
  })

  it('are one for each disk that spins', () => {
    const disk = (number: number, spins: boolean) => ({ disk: number, spins })
    expect(queuesFor([disk(1, false), disk(1, false)], 4)).to.deep.equal([{ sides: [0, 1], readers: 4 }])
    expect(queuesFor([disk(1, false), disk(2, false)], 4)).to.deep.equal([{ sides: [0, 1], readers: 4 }])
    expect(queuesFor([disk(1, true), disk(1, true)], 4)).to.deep.equal([{ sides: [0, 1], readers: 1 }])
    expect(queuesFor([disk(1, false), disk(2, true)], 4)).to.deep.equal([
      { sides: [0], readers: 3 },
      { sides: [1], readers: 1 },
    ])
    expect(queuesFor([disk(1, true), disk(2, true)], 4)).to.deep.equal([
      { sides: [0], readers: 1 },
      { sides: [1], readers: 1 },
    ])
    expect(queuesFor([disk(1, true)], 4)).to.deep.equal([{ sides: [0], readers: 1 }])
  })
})
