import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { notebook, readHistory, readSeen } from '../../../lib/daemon/notebook.js'
import { sinceLastRun } from '../../../lib/daemon/since-last-run.js'
import type { DaemonLine } from '../../../lib/generated/daemon.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 2, 8, minute)).toISOString()
const line = (event: DaemonLine['event'], minute: number, more: Partial<DaemonLine> = {}): DaemonLine => ({
  at: at(minute),
  event,
  slot: 'bob',
  user: 'bob',
  path: '/Users/bob/bob.sparsebundle',
  ...more,
})

describe('the notebook of the daemon', () => {
  function open() {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'daemon'))
    const state = fromText(folder)
    return { folder, state, notes: notebook(state), file: join(folder, 'daemon/history.jsonl') }
  }

  it('keeps what it is told, and passes over what is no line', () => {
    const { state, notes, file } = open()
    expect(readHistory(state)).to.deep.equal([])
    expect(readSeen(state)).to.equal(undefined)
    expect(notes.tell([line('login', 1)])).to.equal(undefined)
    writeFileSync(file, '{"event":"no time"}\n\xff\ncut', { flag: 'a' })
    notes.tell([line('logout', 2)])
    expect(readHistory(state)).to.deep.equal([line('login', 1), line('logout', 2)])
  })

  it('never grows beyond two files of 1 MiB', () => {
    const { state, notes, file } = open()
    const many = Array.from({ length: 1000 }, (_, index) => line('login', index))
    for (let round = 0; round < 30; round += 1) notes.tell(many)
    for (const name of [file, `${file}.1`]) expect(statSync(name).size).to.be.within(1, 1024 * 1024)
    expect(readHistory(state).at(-1)).to.deep.equal(many.at(-1))
  })

  it('says once why it cannot write, keeps a thousand lines, and counts the others', () => {
    const { folder, state, notes } = open()
    rmSync(join(folder, 'daemon'), { recursive: true })
    expect(notes.tell([line('login', 0)])).to.include('daemon')
    for (let index = 1; index < 1500; index += 1) expect(notes.tell([line('login', index)])).to.equal(undefined)
    mkdirSync(join(folder, 'daemon'))
    expect(notes.tell([])).to.equal(undefined)
    const lines = readHistory(state)
    expect(lines).to.have.length(1001)
    expect(lines.at(-1)).to.include({ event: 'lost', detail: '500' })
    expect(notes.tell([])).to.equal(undefined)
    expect(readHistory(state)).to.have.length(1001)
    expect(readFileSync(join(folder, 'daemon/history.jsonl'), 'utf8')).to.match(/\n$/)
  })
})

describe('what the daemon saw last', () => {
  const place = (): { state: RawPath; file: string } => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'daemon'))
    return { state: fromText(folder), file: join(folder, 'daemon/seen.json') }
  }

  it('is nothing where it is larger than is read: no daemon ends by it', () => {
    const { state, file } = place()
    writeFileSync(file, '')
    truncateSync(file, 16 * 1024 * 1024 + 1)
    expect(readSeen(state)).to.equal(undefined)
  })

  it('is never more than is read again, and one user’s very many images cost nobody else’s', () => {
    const { state, file } = place()
    const image = (slot: string, user: string, path: string) =>
      ({ slot, user, path, inode: 1, lies: 'there', state: 'detached' }) as const
    // Twice escaped, as paths of control bytes are.
    const flood = Array.from({ length: 1200 }, (_, index) =>
      image(`mallory-${String(index)}`, 'mallory', `/Users/mallory/${'\\x01'.repeat(3900)}`),
    )
    const honest = ['alice', 'bob'].map((user) => image(user, user, `/Users/${user}/${user}.sparsebundle`))
    const seen = { schema: 'seen/1', at: at(0), images: [...flood, ...honest], roots: [] } as const
    const notes = notebook(state)
    expect(notes.remember(seen)).to.match(/seen\.json has no room for all images: .* of users who have most of them/)
    expect(notes.remember(seen), 'once').to.equal(undefined)
    expect(statSync(file).size).to.be.within(15 * 1024 * 1024, 16 * 1024 * 1024)
    const images = readSeen(state)?.images ?? []
    expect(images.length).to.be.within(700, 1000)
    expect(images.slice(-2)).to.deep.equal(honest)
    expect(notes.remember({ ...seen, images: honest })).to.equal(undefined)
    expect(readSeen(state)?.images).to.deep.equal(honest)
  })
})

describe('what happened since the last run', () => {
  const moved = { path: '/Users/.bob/bob.sparsebundle' }

  it('is told for each image, what belongs to one moment together', () => {
    const lines = [
      line('login', 1),
      { at: at(2), event: 'begin' },
      line('login', 3),
      line('moved', 3, moved),
      line('attached', 3, moved),
      line('logout', 50),
      line('moved', 50),
      line('detached', 50),
      line('frozen', 51),
      line('moved', 5, { slot: 'carol', user: 'carol', path: '/Users/caro/carol.sparsebundle' }),
    ] as DaemonLine[]
    expect(sinceLastRun(lines, at(2))).to.deep.equal([
      {
        code: 'since-last-run',
        severity: 'info',
        message:
          'Since the last run, /Users/bob/bob.sparsebundle (bob): 2026-01-02 08:03 UTC bob logged in, image moved to /Users/.bob/bob.sparsebundle and attached; 2026-01-02 08:50 UTC bob logged out, image moved to /Users/bob/bob.sparsebundle and detached; 2026-01-02 08:51 UTC image frozen.',
      },
      {
        code: 'since-last-run',
        severity: 'info',
        message:
          'Since the last run, /Users/caro/carol.sparsebundle (carol): 2026-01-02 08:05 UTC image moved to /Users/caro/carol.sparsebundle.',
      },
    ])
    expect(sinceLastRun(lines, at(59))).to.deep.equal([])
    expect(sinceLastRun(lines, undefined)[0]?.message).to.include('08:01 UTC bob logged in')
  })

  it('tells what could not be seen', () => {
    const lines: DaemonLine[] = [
      { at: at(1), event: 'gap', detail: 'no daemon ran since then' },
      { at: at(2), event: 'root-lost', path: '/Users', detail: 'not mounted' },
      { at: at(3), event: 'lost', detail: '7' },
    ]
    expect(sinceLastRun(lines, undefined).map(({ message }) => message)).to.deep.equal([
      'Since the last run the daemon did not see everything: 2026-01-02 08:01 UTC: no daemon ran since then; 2026-01-02 08:02 UTC: /Users was not mounted; 2026-01-02 08:03 UTC: 7 lines could not be written.',
    ])
  })

  it('stays short, however much happened', () => {
    const often = Array.from({ length: 200 }, (_, index) => line(index % 2 === 0 ? 'attached' : 'detached', index * 2))
    const [one] = sinceLastRun(often, undefined)
    expect(one?.message).to.match(/; and so on, 200 times in all\.$/)
    expect(one?.message.length).to.be.below(500)
    const many = Array.from({ length: 50 }, (_, index) => line('login', index, { slot: `image-${String(index)}` }))
    const told = sinceLastRun(many, undefined)
    expect(told).to.have.length(21)
    expect(told.at(-1)?.message).to.include('30 images more')
  })
})
