import type { WatchOrder } from './order.js'

/** What a watch over the images of a client is to do; plain data. */
export interface ClientOrder extends Omit<WatchOrder, 'source'> {
  readonly client: WatchedClient
}

/** A client whose images are watched, and how it is called. */
export interface WatchedClient {
  /** `user@host`. */
  readonly destination: string
  /** The socket of the run's login; undefined: the watch logs in by itself. */
  readonly control: string | undefined
  /** Whole seconds between two looks. */
  readonly interval: number
  /** What ssh needs of the environment. */
  readonly environment: Readonly<Record<string, string>>
}
