import { readFileSync, writeFileSync } from 'node:fs'

export const mapped = 'fat16-plain-mapped.sparsebundle.tgz'
export const encrypted = 'hfsj-aes128-v2.sparsebundle.tgz'
export const encryptedV1 = 'gpt-aes128-v1.sparsebundle.tgz'

/** What is done to a real image, from which archive, and all the findings it must lead to. */
export type Damage = readonly [
  what: string,
  archive: string,
  damage: (image: string) => void,
  findings: readonly string[],
]

/** Given a file and a change to its bytes, make it. */
export const edit = (file: string, change: (bytes: Buffer) => void): void => {
  const bytes = readFileSync(file)
  change(bytes)
  writeFileSync(file, bytes)
}
