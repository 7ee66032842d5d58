import { createHash } from 'node:crypto'

/** A file that `daemon install` wrote, and whether anybody changed it since. */
export type Sealed = 'ours' | 'changed' | 'foreign'

const mark = 'made by lbackup-filevault daemon install, sha256'
const line = new RegExp(`^.*${mark} [0-9a-f]{64}.*\n`, 'mu')
const digest = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')

/** Given the text of a unit, return it with a line of comment in it by which a change of any byte is known. */
export function seal(text: string): string {
  const words = `${mark} ${digest(text)}: change it in a drop-in, not here`
  // Nothing may stand before the declaration of an XML file.
  const xml = /^<\?xml.*\n/u.exec(text)?.[0]
  return xml === undefined ? `# ${words}\n${text}` : `${xml}<!-- ${words} -->\n${text.slice(xml.length)}`
}

/** Given the text of a file that stands where a unit belongs, tell whose it is. */
export function sealOf(text: string): Sealed {
  const found = line.exec(text)
  if (found === null) return 'foreign'
  return seal(text.replace(found[0], () => '')) === text ? 'ours' : 'changed'
}
