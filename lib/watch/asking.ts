import type { UsageState } from '../mount/usage.js'
import { sessionHappened, usageHappened, type Happened } from './events.js'
import type { WatchedImage } from './order.js'
import { question } from './question.js'

/** What takes a program to find out. */
export interface AskingEyes {
  now(): number
  /** By slot, what uses each image; without those of which nothing is known. */
  uses(
    images: readonly WatchedImage[],
  ): Promise<ReadonlyMap<string, { readonly state: UsageState; readonly usedBy: readonly string[] }>>
  /** Who is logged in; undefined: not known. */
  loggedIn(): Promise<ReadonlySet<string> | undefined>
}

/** It is found out this often, and at each event, milliseconds. */
const askEvery = 30_000

/** Asks beside the looks, so that a program that hangs holds up none. */
export interface Asking {
  ask(): void
  /** What is waited for. */
  asking(): Promise<unknown>
  /** What the last answers changed. */
  news(): Happened[]
}

/** Given images and who used them when the plan was made, find out who uses them, and who is logged in, again and again. */
export function asking(images: readonly WatchedImage[], eyes: AskingEyes): Asking {
  const states = new Map(images.map(({ slot, state }) => [slot, state]))
  let users: ReadonlySet<string> | undefined
  let asked = eyes.now()
  const uses = question(() => eyes.uses(images))
  const sessions = question(() => eyes.loggedIn())
  // The plan does not tell who was logged in.
  sessions.ask()
  const ask = (): void => {
    asked = eyes.now()
    uses.ask()
    sessions.ask()
  }
  return {
    ask,
    asking: () => Promise.all([uses.asking(), sessions.asking()]),
    news() {
      const used = uses.answer()
      const present = sessions.answer()
      if (Math.abs(eyes.now() - asked) >= askEvery) ask()
      const told = sessionHappened(images, users, present)
      users = present ?? users
      for (const image of images) {
        const now = used?.get(image.slot)
        if (now === undefined) continue
        told.push(...usageHappened(image, states.get(image.slot), now.state, now.usedBy))
        states.set(image.slot, now.state)
      }
      return told
    },
  }
}
