import { Buffer } from 'node:buffer'
import { expect } from 'chai'
import { identityOf } from '../../../lib/discover/identity.js'

const facts = { uuid: undefined, inode: 12, born: 1_700_000_000_123.456, content: Buffer.from('plist') }

describe('the identity of an image', () => {
  it('is the UUID of the encryption header, wherever the image lies', () => {
    expect(identityOf({ ...facts, uuid: 'u' })).to.equal('uuid:u')
    expect(identityOf({ ...facts, uuid: 'u', inode: 13 })).to.equal('uuid:u')
  })

  it('changes with the inode, the birth and the property list of one that is not encrypted', () => {
    const identity = identityOf(facts)
    expect(identity).to.match(/^file:12-1700000000123-[0-9a-f]{16}$/)
    expect(identityOf({ ...facts, inode: 13 })).not.to.equal(identity)
    expect(identityOf({ ...facts, born: 1 })).not.to.equal(identity)
    expect(identityOf({ ...facts, content: Buffer.from('other') })).not.to.equal(identity)
  })
})
