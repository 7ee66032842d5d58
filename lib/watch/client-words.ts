import { programName, protocolVersion } from '../client/words.js'

/** What one line of a client's watch says (client/PROTOCOL.md). A thing is written in the words that tell of its coming. */
export type ClientWord =
  | { readonly says: 'began' | 'tick' | 'ended' }
  | { readonly says: 'there' | 'gone'; readonly thing: string }
  | { readonly says: 'gap'; readonly seconds: number }
  | { readonly says: 'problem'; readonly text: string }

const comings: Readonly<Record<string, string>> = {
  login: 'login',
  logout: 'login',
  attached: 'attached',
  detached: 'attached',
  appeared: 'appeared',
  vanished: 'appeared',
  mounted: 'mounted',
  unmounted: 'mounted',
}

const thing =
  /^(?:(login|logout) ([\w.@?-]{1,256})|((?:at|de)tached|appeared|vanished|(?:un)?mounted) ((?:[0-9a-f]{2}){1,4096}))$/

/** Given a line and the nonce of the call, return what it says; undefined: it is none of a client's watch. */
export function readClientWord(line: string, nonce: string): ClientWord | undefined {
  if (line === `${programName.replace(/-client$/, '')} ${String(protocolVersion)} ${nonce} watch`)
    return { says: 'began' }
  const end = `end ${nonce} `
  if (line.startsWith(end) && /^[a-z-]+ \d+$/.test(line.slice(end.length))) return { says: 'ended' }
  if (/^tick \d{1,15}$/.test(line)) return { says: 'tick' }
  const gap = /^gap (\d{1,9})$/.exec(line)
  if (gap !== null) return { says: 'gap', seconds: Number(gap[1]) }
  if (line.startsWith('problem ')) return { says: 'problem', text: line.slice('problem '.length) }
  const [, user, name, lies, path] = thing.exec(line) ?? []
  const [word, what] = user === undefined ? [lies, path] : [user, name]
  if (word === undefined || what === undefined) return undefined
  const coming = comings[word] as string
  return { says: word === coming ? 'there' : 'gone', thing: `${coming} ${what}` }
}
