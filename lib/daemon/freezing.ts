import { OperationalError } from '../finding/operational-error.js'
import { named, type Known, type KnownImage, type Told } from './known.js'
import type { Step } from './settle.js'

/**
 * Freezes an image at rest in the staging folder. Returns half a sentence of how (undefined: what is frozen of it is still
 * what it is), or throws OperationalError where it is
 * not at rest or cannot be frozen; ends soon once the signal is given, since its image or LBackup came into use.
 */
export type Freeze = (image: KnownImage, signal: AbortSignal) => Promise<string | undefined>

/** Freezes the images that came to rest, one at a time and beside the looks. */
export interface Freezing {
  /** These images came to rest. */
  rested(slots: readonly string[]): void
  /**
   * Given what is known, and the time in milliseconds, begins what is due and returns what became of the last. Throws what
   * came of a bug meanwhile.
   */
  next(known: Known, now: number): Step
  /** Ends what goes on, and begins nothing before the next call of `next`. */
  pause(): void
  /** What is waited for. */
  going(): Promise<void> | undefined
}

interface Due {
  readonly tries: number
  /** Not before; milliseconds. */
  readonly from: number
}

const mostTries = 3
const retryAfter = 300_000

/** Given how images are frozen (undefined: they are not), return who does it. */
export function freezing(freeze: Freeze | undefined): Freezing {
  const due = new Map<string, Due>()
  let going: { readonly slot: string; readonly stop: AbortController; readonly done: Promise<void> } | undefined
  let failed: { readonly error: unknown } | undefined
  const ended: { slot: string; how?: string | undefined; why?: string }[] = []

  const begin = (image: KnownImage, put: Freeze): void => {
    const { slot } = image
    const stop = new AbortController()
    const done = put(image, stop.signal)
      .then(
        (how) => void ended.push({ slot, how }),
        (error: unknown) => {
          // Nobody waits for this: it is thrown where the daemon itself comes by.
          if (!(error instanceof OperationalError)) failed = { error }
          // Whoever stopped it has something else to do; it stays due.
          else if (!stop.signal.aborted) ended.push({ slot, why: error.message })
        },
      )
      .finally(() => (going = undefined))
    going = { slot, stop, done }
  }
  const settle = (known: Known, now: number): Step => {
    let images = known.images
    const told: Told[] = []
    for (const { slot, how, why } of ended.splice(0)) {
      const image = images.find((one) => one.slot === slot)
      const tries = due.get(slot)?.tries ?? 0
      if (why === undefined || tries + 1 >= mostTries) due.delete(slot)
      else due.set(slot, { tries: tries + 1, from: now + retryAfter })
      if (image === undefined || (how === undefined && why === undefined)) continue
      told.push({ event: why === undefined ? 'frozen' : 'not-frozen', ...named(image), detail: why ?? how ?? '' })
      const frozenAt = new Date(now).toISOString()
      if (why === undefined) images = images.map((one) => (one === image ? { ...one, frozenAt } : one))
    }
    return { known: { ...known, images }, told }
  }
  return {
    rested(slots) {
      if (freeze !== undefined) for (const slot of slots) due.set(slot, { tries: 0, from: -Infinity })
    },
    next(before, now) {
      if (failed !== undefined) throw failed.error
      const step = settle(before, now)
      const images = new Map(step.known.images.map((image) => [image.slot, image]))
      for (const slot of due.keys()) if (!isAtRest(images.get(slot), step.known)) due.delete(slot)
      if (going !== undefined && !isAtRest(images.get(going.slot), step.known)) going.stop.abort()
      // A clock that was set back makes nobody wait longer.
      const wanted = [...due].find(([, { from }]) => now >= from || from - now > retryAfter)
      const image = wanted === undefined ? undefined : images.get(wanted[0])
      if (freeze !== undefined && going === undefined && image !== undefined) begin(image, freeze)
      return step
    },
    pause: () => going?.stop.abort(),
    going: () => going?.done,
  }
}

/** A user who is logged in to a FileVault home may use his image in ways that the programs do not tell of. */
function isAtRest(image: KnownImage | undefined, { users }: Known): boolean {
  if (image === undefined || image.state !== 'detached' || image.lies !== 'there') return false
  return image.places.length === 1 || users?.has(image.user) === false
}
