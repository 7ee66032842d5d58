import { expect } from 'chai'
import { insideWords } from '../../../lib/verify/inside-words.js'
import type { Volume } from '../../../lib/volume/volume-type.js'

const volume = (name: string, change: Partial<Volume> = {}): Volume => ({
  partition: 1,
  kind: 'apfs',
  name,
  bytes: 1000,
  encrypted: false,
  clean: true,
  ...change,
})

describe('what a disk holds, in words', () => {
  it('is its volumes, at most three by name', () => {
    expect(insideWords({ partitions: [], volumes: [volume('Bob', { kind: 'hfs+' })] })).to.equal('HFS+ "Bob"')
    expect(insideWords({ partitions: [], volumes: [volume('', { kind: 'fat32' })] })).to.equal('FAT32')
    const five = ['a', 'b', 'c', 'd', 'e'].map((name) => volume(name, { encrypted: name === 'b' }))
    expect(insideWords({ partitions: [], volumes: five })).to.equal(
      'APFS "a", APFS "b" (encrypted itself), APFS "c" and 2 more',
    )
  })

  it('is its partitions where no file system is known', () => {
    const partition = { index: 1, scheme: 'gpt', offset: 0, length: 1, type: 'x', name: '' } as const
    expect(insideWords({ partitions: [partition], volumes: [] })).to.equal(
      '1 partition, no file system that is known here',
    )
  })
})
