import { constants } from 'node:os'
import { expect } from 'chai'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { fileSystemError, systemCode } from '../../../lib/system/file-system-error.js'
import type { RawPath } from '../../../lib/text/raw-path.js'

const path = '/a\nb' as RawPath
const system = (code: string): Error => Object.assign(new Error(code), { code })

describe('an error of the file system', () => {
  it('is told in plain words, with a cure, and keeps the system’s word', () => {
    const error = fileSystemError(system('ENOSPC'), path) as OperationalError
    expect(error).to.be.instanceOf(OperationalError)
    expect([error.code, error.message, error.cure]).to.deep.equal([
      'disk-full',
      '/a\\x0ab cannot be written: the disk is full.',
      'Free some space.',
    ])
    expect(systemCode(error)).to.equal('ENOSPC')
  })

  it('for which Node has only a number has its name all the same', () => {
    const numbered = (code: string, errno: number): Error => Object.assign(new Error(code), { code, errno: -errno })
    const { ESTALE, EDQUOT } = constants.errno
    const error = fileSystemError(numbered('UNKNOWN', ESTALE), path) as OperationalError
    expect([error.code, systemCode(error)]).to.deep.equal(['disk-error', 'ESTALE'])
    expect(systemCode(numbered(`Unknown system error -${String(EDQUOT)}`, EDQUOT))).to.equal('EDQUOT')
    expect(systemCode(numbered('UNKNOWN', 9999))).to.equal('UNKNOWN')
  })

  it('that nobody foresaw still names the file and the code', () => {
    const error = fileSystemError(system('EWEIRD'), path) as OperationalError
    expect([error.code, error.message]).to.deep.equal(['file-error', '/a\\x0ab cannot be used (EWEIRD).'])
  })

  it('is not made of a bug, nor of what is operational already', () => {
    const bug = new TypeError('bug')
    expect(fileSystemError(bug, path)).to.equal(bug)
    const operational = new OperationalError('x', 'X.', 'Y.')
    expect(fileSystemError(operational, path)).to.equal(operational)
    expect([systemCode(bug), systemCode(operational), systemCode(undefined), systemCode('text')]).to.deep.equal(
      Array(4).fill(undefined),
    )
  })
})
