import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { fromText } from '../../../lib/text/raw-path.js'
import { tellUser } from '../../../lib/watch/tell-user.js'
import { untilGone } from '../../support/fault/until.js'
import { recorder } from '../../support/recorder.js'
import { temporaryFolder } from '../../support/temporary.js'

const notice = {
  user: 'bob',
  image: fromText('/Users/.bob/bob.sparsebundle'),
  until: new Date(2026, 2, 1, 2, 5),
}
const tell = (command: string[], more: object = {}, commandSeconds = 30) =>
  tellUser({ command, commandSeconds }, { ...notice, ...more })

describe('the program that tells a user', () => {
  it('gets whom, what and until when, as whole arguments or inside of one', async () => {
    const { file, calls } = recorder(temporaryFolder())
    expect(await tell([file, '{user}', '{image}', 'until {until}, {user}', 'plain'])).to.equal(undefined)
    expect(calls()).to.deep.equal([['bob', '/Users/.bob/bob.sparsebundle', 'until 02:05, bob', 'plain']])
  })

  it('gets names as they are, each within its argument, whatever they hold', async () => {
    const folder = temporaryFolder()
    const { file, calls } = recorder(folder)
    const user = `o'brien "x" $(touch ${join(folder, 'injected')}) {until} $&`
    const image = fromText(`/Users/a b/it's "mine"; \`id\`\n*.sparsebundle`)
    expect(await tell([file, '{user}', 'of {image}'], { user, image })).to.equal(undefined)
    expect(calls()).to.deep.equal([[user, `of /Users/a b/it's "mine"; \`id\`\\x0a*.sparsebundle`]])
    expect(existsSync(join(folder, 'injected'))).to.be.false
  })

  it('never gets a name that it would take for an option', async () => {
    const { file, calls } = recorder(temporaryFolder())
    expect(await tell([file, '{user}'], { user: '--exec=x' })).to.match(/bob.*would take --exec=x for an option\.$/)
    expect(calls()).to.deep.equal([])
    expect(await tell([file, '-u{user}', 'to {user}'], { user: '-x' })).to.equal(undefined)
    expect(calls()).to.deep.equal([['-u-x', 'to -x']])
  })

  it('that hangs is ended', async () => {
    const folder = temporaryFolder()
    const { file } = recorder(folder, `echo $$ >'${folder}/pid'; exec sleep 600`)
    expect(await tell([file], {}, 1)).to.equal(
      `bob could not be told that /Users/.bob/bob.sparsebundle waits to be backed up: ${file} took longer than 1 s.`,
    )
    await untilGone(Number(readFileSync(join(folder, 'pid'), 'utf8')))
  })

  it('that fails, or is not there, is told', async () => {
    expect(await tell([recorder(temporaryFolder(), 'exit 3').file])).to.match(/tell user ended with 3\.$/)
    expect(await tell(['/nowhere/tell'])).to.match(/\/nowhere\/tell ENOENT\.$/)
  })

  it('is none unless one is named', async () => {
    expect(await tell([])).to.equal(undefined)
  })
})
