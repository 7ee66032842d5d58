import { maxDepth, maxValues, plistInvalid } from './plist-value.js'

const token =
  /<!--[^]*?-->|<!\[CDATA\[([^]*?)\]\]>|<\?[^]*?\?>|<!DOCTYPE\s[^>[]*>|<(\/?)([A-Za-z]+)((?:\s[^<>]*?)?)(\/?)>|([^<]+)/y
const leaves = new Set(['key', 'string', 'integer', 'real', 'date', 'data', 'true', 'false'])
const branches = new Set(['plist', 'dict', 'array'])
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

interface Open {
  readonly tag: string
  text: string
  values: number
}

const mark = '\ue000'

/**
 * Given the text of an XML property list, return it written anew: the document type, comments, attributes and
 * processing instructions left out, all entities resolved, integers turned into marked strings (see `unmarked`) so
 * that a reader that works with doubles keeps them exact. Throws OperationalError `plist-invalid` for an internal
 * subset or an entity that XML itself does not define, for tags that do not match, and for more values or nesting than
 * any real list has.
 */
export function cleanPlistXml(text: string): string {
  const stack: Open[] = []
  const out: string[] = []
  let values = 0
  let done = false
  for (let at = 0; at < text.length;) {
    token.lastIndex = at
    const match = token.exec(text)
    if (match === null) throw plistInvalid(refusal(text, at))
    at += match[0].length
    const [, cdata, slash, tag, , selfClosing, plain] = match
    const top = stack.at(-1)
    if (plain !== undefined || cdata !== undefined) {
      const content = cdata ?? resolve(plain ?? '')
      if (top !== undefined && leaves.has(top.tag)) top.text += content
      else if (content.trim() !== '') throw plistInvalid('there is text where only tags may stand')
    } else if (tag !== undefined && slash === '/') {
      if (top?.tag !== tag) throw plistInvalid(`a tag </${tag.slice(0, 20)}> closes nothing`)
      if (tag === 'dict' && top.values % 2 === 1) throw plistInvalid('a key has no value')
      stack.pop()
      out.push(leaves.has(tag) ? leaf(tag, top.text) : `</${tag}>`)
      done = stack.length === 0
    } else if (tag !== undefined) {
      values += 1
      checkPlace(tag, top, done, stack.length)
      if (values > maxValues) throw plistInvalid(`it holds more than ${String(maxValues)} values`)
      if (top !== undefined) top.values += 1
      if (selfClosing === '/') out.push(leaves.has(tag) ? leaf(tag, '') : `<${tag}></${tag}>`)
      else {
        stack.push({ tag, text: '', values: 0 })
        if (branches.has(tag)) out.push(`<${tag}>`)
      }
    }
  }
  if (!done) throw plistInvalid(text.trim() === '' ? 'it is empty' : 'it ends in the middle')
  return out.join('')
}

/** Given a string read from `cleanPlistXml`'s XML, return the string or the integer it stands for. */
export function unmarked(text: string): string | bigint {
  if (!text.startsWith(mark)) return text
  return text.startsWith('i', 1) ? BigInt(text.slice(2)) : text.slice(2)
}

function checkPlace(tag: string, top: Open | undefined, done: boolean, depth: number): void {
  const known = leaves.has(tag) || branches.has(tag)
  if (!known) throw plistInvalid(`it holds a tag <${tag.slice(0, 20)}> that no property list has`)
  if (done || (tag === 'plist') !== (top === undefined)) throw plistInvalid('it is not one <plist>')
  if (top === undefined) return
  if (leaves.has(top.tag)) throw plistInvalid(`there is a tag inside <${top.tag}>`)
  if (top.tag === 'plist' && top.values > 0) throw plistInvalid('it holds more than one value')
  if (depth >= maxDepth) throw plistInvalid(`it nests deeper than ${String(maxDepth)} levels`)
}

function leaf(tag: string, text: string): string {
  if (tag === 'true' || tag === 'false') return `<${tag}/>`
  if (tag === 'integer') {
    if (!/^\s*[+-]?[0-9]{1,40}\s*$/.test(text)) throw plistInvalid('an integer is not one')
    return `<string>${mark}i${text.trim().replace(/^\+/, '')}</string>`
  }
  if (tag === 'real' && !/^\s*[+-]?([0-9.]+(e[+-]?[0-9]+)?|nan|inf(inity)?)\s*$/i.test(text)) {
    throw plistInvalid('a real number is not one')
  }
  if (tag === 'key' && text === '__proto__') throw plistInvalid('a key is __proto__')
  const marked = tag === 'string' && text.startsWith(mark) ? `${mark}s${text}` : text
  return `<${tag}>${marked.replace(/[&<>\r]/g, (character) => `&#${String(character.charCodeAt(0))};`)}</${tag}>`
}

function resolve(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#([0-9]{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]+));|&/g, (_whole, decimal, hex, name) => {
    if (typeof name === 'string' && Object.hasOwn(entities, name)) return entities[name] as string
    const point = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16)
    const allowed = point === 9 || point === 10 || point === 13 || (point >= 32 && point <= 0x10ffff)
    if (!allowed || (point >= 0xd800 && point < 0xe000))
      throw plistInvalid('it uses an entity that XML does not define')
    return String.fromCodePoint(point)
  })
}

function refusal(text: string, at: number): string {
  const start = text.slice(at, at + 9)
  if (start === '<!DOCTYPE' || start.startsWith('<!ENTITY')) return 'its document type declares entities'
  return 'it is not well-formed XML'
}
