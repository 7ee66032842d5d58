import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fakeMac, type FakeMac, type FakeMacState } from '../fake-mac.js'
import { imageDigest } from './digest.js'
import { compactingSteps } from './compaction.js'
import { setTime, writeHomeImage, writingSteps, type ImageKind, type Step } from './home-image.js'
import { random } from './random.js'

/** Stands in every file of a home's clear text, so that a leak is found wherever it lies. */
export const clearTextOf = (name: string): string => `clear text of ${name}`

/** One state an image was in. */
export interface Moment {
  readonly user: string
  /** What had just been done. */
  readonly after: string
  readonly digest: string
}

/** A Mac of the time of FileVault 1, as far as a backup sees it: a folder of homes, and the answers of its programs. */
export interface SimulatedMac {
  /** For filevault.json: lets the hooks take this machine for that Mac. */
  readonly configuration: { readonly platform: 'macos'; readonly tools: Readonly<Record<string, string>> }
  readonly fakes: FakeMac
  /** Adds an account. Without FileVault, its home holds plain files. */
  addUser(name: string, options?: { fileVault?: ImageKind | 'none'; inDirectory?: boolean }): void
  /**
   * Moves a FileVault user's image into the hidden home, lets its clear text appear in the home, and attaches it. With
   * `mount` the home is a mounted volume (tmpfs; root), as on a Mac; else plain files lie in it.
   */
  logIn(name: string, options?: { mount?: boolean }): void
  /** Changes members in place, lets one grow, adds one; each changed member is a minute younger than any before. */
  write(name: string): void
  /** As after a proper logout: clear text gone, the image back in the home. */
  logOut(name: string): void
  /** Begins a logout at which the image is compacted before it moves back: clear text goes, hdiutil opens the image. */
  beginLogOut(name: string): void
  /** Does the next step of a logout begun: a member is rewritten or vanishes; the last moves the image back. */
  goOn(name: string): void
  /** Fast user switching: his session comes to the console, and that of whoever was there stays behind it. */
  switchTo(name: string): void
  /** A power cut: nobody is logged in, clear text gone, each image stays in its hidden home with its lock. */
  crash(): void
  isLoggedIn(name: string): boolean
  isLoggingOut(name: string): boolean
  /** Where a user's image lies now. */
  imageOf(name: string): string
  /** Every state of every image so far. */
  truth(): readonly Moment[]
  /** The states a user's image was in since so many states of any image were noted, that of then among them. */
  statesSince(name: string, noted: number): readonly string[]
  /** Changes what the programs answer besides. */
  change(edit: (state: FakeMacState) => void): void
}

interface User {
  readonly name: string
  readonly uid: number
  readonly home: string
  readonly fileVault: ImageKind | 'none'
  loggedIn: boolean
  mounted: boolean
  /** What is left of a logout begun. */
  leaving: Step[] | undefined
}

/** Given the folder of homes and a seed, make a Mac without users. Its programs know the folder as `seenAt`. */
export function simulatedMac(homes: string, seed = 1, seenAt = homes): SimulatedMac {
  const numbers = random(seed)
  const users = new Map<string, User>()
  const truth: Moment[] = []
  const state: FakeMacState & Required<Pick<FakeMacState, 'attached' | 'open' | 'users'>> = {
    attached: [],
    open: [],
    users: [],
  }
  const seen = (): FakeMacState =>
    JSON.parse(JSON.stringify(state).replaceAll(`${homes}/`, `${seenAt}/`)) as FakeMacState
  const fakes = fakeMac(seen())
  // Far enough back that no write is in the future.
  let clock = Math.floor(Date.now() / 1000) - 30 * 24 * 3600

  const user = (name: string): User => {
    const found = users.get(name)
    if (found === undefined) throw new Error(`there is no user ${name}`)
    return found
  }
  const fileName = ({ name, fileVault }: User): string => `${name}.${fileVault}`
  const hidden = ({ name }: User): string => join(homes, `.${name}`)
  const places = (one: User): string[] => [join(one.home, fileName(one)), join(hidden(one), fileName(one))]
  const imageOf = (name: string): string => {
    const [inHome, inHidden] = places(user(name)) as [string, string]
    return existsSync(inHidden) ? inHidden : inHome
  }
  const note = (name: string, after: string): void => {
    truth.push({ user: name, after, digest: imageDigest(imageOf(name)) })
  }
  const tell = (): void => {
    state.graphical = [...users.values()].filter(({ loggedIn }) => loggedIn).map(({ name }) => name)
    fakes.set(seen())
  }
  const change = (name: string, { file, apply }: Step, verb: string): void => {
    apply()
    // LBackup's rsync misses a change of 20 s or less (--modify-window=20).
    if (existsSync(file)) setTime(file, (clock += 60))
    note(name, `${verb} ${basename(dirname(file))}/${basename(file)}`)
  }

  function disappear(one: User): void {
    if (one.mounted) {
      // By force, as at a logout: rsync may have the folder open.
      execFileSync('umount', ['-l', one.home])
      one.mounted = false
      return
    }
    for (const name of readdirSync(one.home)) {
      if (name !== fileName(one)) rmSync(join(one.home, name), { recursive: true })
    }
  }

  function detach(one: User): void {
    state.attached = state.attached.filter(({ path }) => path !== join(hidden(one), fileName(one)))
    state.open = state.open.filter(({ path }) => !path.startsWith(`${join(hidden(one), fileName(one))}`))
    if (state.console === one.name) delete state.console
    one.loggedIn = false
    one.leaving = undefined
  }

  function moveBack(one: User): void {
    detach(one)
    renameSync(join(hidden(one), fileName(one)), join(one.home, fileName(one)))
    rmSync(hidden(one), { recursive: true })
    note(one.name, 'logOut')
  }

  const mac: SimulatedMac = {
    // ps is the machine's own: LBackup is a real process here.
    configuration: { platform: 'macos', tools: { ...fakes.tools, ps: '/bin/ps' } },
    fakes,
    addUser(name, { fileVault = 'none', inDirectory = true } = {}) {
      const one: User = {
        name,
        uid: 501 + users.size,
        home: join(homes, name),
        fileVault,
        loggedIn: false,
        mounted: false,
        leaving: undefined,
      }
      users.set(name, one)
      mkdirSync(one.home, { recursive: true })
      if (fileVault === 'none') {
        mkdirSync(join(one.home, 'Documents'))
        writeFileSync(join(one.home, 'Documents/letter.txt'), `${name}'s letter\n`)
      } else {
        writeHomeImage(imageOf(name), fileVault, `${String(seed)} ${name}`)
        note(name, 'addUser')
      }
      const image = join(hidden(one), fileName(one)).split('/').map(encodeURIComponent).join('/')
      const homeDirectory = `<home_dir><url>file://localhost${image}</url></home_dir>`
      if (inDirectory) {
        state.users.push({ name, uid: one.uid, home: one.home, ...(fileVault === 'none' ? {} : { homeDirectory }) })
      }
      tell()
    },
    logIn(name, { mount = false } = {}) {
      const one = user(name)
      if (one.loggedIn) return
      one.loggedIn = true
      state.console = name
      if (one.fileVault !== 'none') {
        const image = join(hidden(one), fileName(one))
        if (!existsSync(image)) {
          mkdirSync(hidden(one), { recursive: true })
          renameSync(join(one.home, fileName(one)), image)
        }
        if (mount) {
          execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', one.home])
          one.mounted = true
          mounts.add(one.home)
        }
        writeFileSync(join(one.home, 'secret.txt'), clearTextOf(name))
        mkdirSync(join(one.home, 'Library/Mail'), { recursive: true })
        writeFileSync(join(one.home, 'Library/Mail/box'), clearTextOf(name))
        state.attached.push({
          path: image,
          mountPoints: [one.home],
          pid: 900_000 + one.uid,
          uid: one.uid,
          writeable: true,
        })
        if (one.fileVault === 'sparsebundle') writeFileSync(join(image, 'lock'), '', { flag: 'a' })
        state.open.push({ path: heldOf(image), pid: 900_000 + one.uid, program: 'diskimages-helper' })
        note(name, 'logIn')
      }
      tell()
    },
    write(name) {
      const one = user(name)
      if (one.fileVault === 'none') return
      const image = imageOf(name)
      const seed = `${name} ${String(truth.length)}`
      for (const step of writingSteps(image, one.fileVault, seed, numbers)) change(name, step, 'write')
    },
    logOut(name) {
      const one = user(name)
      if (!one.loggedIn) return
      if (one.fileVault === 'none') {
        detach(one)
      } else {
        if (one.leaving === undefined) disappear(one)
        moveBack(one)
      }
      tell()
    },
    beginLogOut(name) {
      const one = user(name)
      if (!one.loggedIn || one.fileVault === 'none' || one.leaving !== undefined) return
      const image = imageOf(name)
      disappear(one)
      detach(one)
      one.loggedIn = true
      one.leaving = compactingSteps(image, one.fileVault, `${name} ${String(truth.length)}`, numbers)
      // Assumed: a compaction is seen as what holds the image open, since hdiutil lists only what is attached.
      state.open.push({ path: heldOf(image), pid: 910_000 + one.uid, program: 'hdiutil' })
      tell()
    },
    goOn(name) {
      const one = user(name)
      const step = one.leaving?.shift()
      if (step !== undefined) change(name, step, 'compact')
      else if (one.leaving !== undefined) mac.logOut(name)
    },
    switchTo(name) {
      if (!user(name).loggedIn) return
      state.console = name
      tell()
    },
    crash() {
      for (const one of users.values()) {
        if (!one.loggedIn) continue
        if (one.fileVault !== 'none' && one.leaving === undefined) disappear(one)
        detach(one)
      }
      tell()
    },
    isLoggedIn: (name) => user(name).loggedIn,
    isLoggingOut: (name) => user(name).leaving !== undefined,
    imageOf,
    truth: () => truth,
    statesSince(name, noted) {
      const own = (moments: readonly Moment[]): Moment[] => moments.filter((moment) => moment.user === name)
      return [...own(truth.slice(0, noted)).slice(-1), ...own(truth.slice(noted))].map(({ digest }) => digest)
    },
    change(edit) {
      edit(state)
      tell()
    },
  }
  return mac
}

/** The member of an image that whatever uses it holds open. */
const heldOf = (image: string): string => (lstatSync(image).isDirectory() ? join(image, 'token') : image)

const mounts = new Set<string>()

/** For `afterEach` of a suite that mounts homes: a folder with a mounted volume in it cannot be removed. */
export function unmountHomes(): void {
  for (const point of mounts) {
    mounts.delete(point)
    if (lstatSync(point).dev !== lstatSync(dirname(point)).dev) execFileSync('umount', [point])
  }
}
