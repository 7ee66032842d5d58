import { newNonce } from '../client/words.js'
import type { Conversation } from '../system/conversation.js'
import { lineReader } from '../text/lines.js'
import { readClientWord, type ClientWord } from './client-words.js'

/** Starts the client's watch; it ends when its input is closed. */
export type CallClient = (nonce: string, hear: (bytes: Buffer) => void) => Conversation

/** One call of a client's watch. */
export interface ClientCall extends Pick<Conversation, 'close' | 'cut' | 'over'> {
  /** An interval is over: the client may say as much again. */
  renew(): void
  /** Half a sentence why it is over; empty where the client ended it as it should, undefined: it goes on. */
  ended(): string | undefined
}

/** The longest line names a path of 4096 bytes. */
const mostCharacters = 16 * 1024
/** In one interval; thousands of volumes and images. */
const mostBytes = 1024 * 1024
/** In one interval, and then some that lay in a buffer. */
const mostTicks = 16

/**
 * Given how the client is called and who takes its words, call it. What a login shell prints before its first word does
 * not count. A client that says what is none of its words, or too much of them, is cut off, and nothing more is taken.
 */
export function callWatch(call: CallClient, take: (word: ClientWord) => void): ClientCall {
  const nonce = newNonce()
  let begun = false
  let ended: string | undefined
  let [bytesLeft, ticksLeft] = [mostBytes, mostTicks]
  const end = (why: string): void => {
    if (ended !== undefined) return
    ended = why
    if (why !== '') conversation.cut()
  }
  const read = lineReader(mostCharacters, (line) => {
    if (ended !== undefined) return
    const word = readClientWord(line, nonce)
    if (!begun && word?.says !== 'began') return
    begun = true
    if (word === undefined) return end('the client said what is none of its words')
    if (word.says === 'tick') ticksLeft -= 1
    if (ticksLeft < 0) return end(tooMuch)
    take(word)
    if (word.says === 'ended') end('')
  })
  const conversation = call(nonce, (bytes) => {
    bytesLeft -= bytes.length
    if (ended === undefined && (bytesLeft < 0 || !read(bytes.toString('latin1')))) end(tooMuch)
  })
  return {
    close: () => conversation.close(),
    cut() {
      ended ??= ''
      conversation.cut()
    },
    over: conversation.over.then(() => end('the connection to the client was lost')),
    renew: () => ([bytesLeft, ticksLeft] = [mostBytes, mostTicks]),
    ended: () => ended,
  }
}

const tooMuch = 'the client said more than it has to say'
