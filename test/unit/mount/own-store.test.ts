import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { expect } from 'chai'
import { ownStore, ownStores } from '../../../lib/mount/own-store.js'
import { fromText, join, type RawPath } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'
import { needsLinuxAsRoot } from './holder.js'

describe('images we ourselves live in', () => {
  before(function () {
    needsLinuxAsRoot(this)
  })

  let place: RawPath
  const mounted: string[] = []
  const mount = (point: RawPath): void => {
    mkdirSync(point, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', 'test', point])
    mounted.push(point)
  }
  beforeEach(() => {
    place = fromText(temporaryFolder())
  })
  afterEach(() => {
    for (const point of mounted.splice(0).reverse()) execFileSync('umount', [point])
  })
  const image = (name: string, ...mountPoints: RawPath[]) => ({ path: join(place, name), mountPoints })

  it('the image whose volume holds the place, also reached by a link and not made yet', () => {
    const volume = join(place, 'volume')
    mount(volume)
    symlinkSync(volume, join(place, 'link'))
    const store = image('store.sparsebundle', volume)
    expect(ownStore(store, [join(volume, 'Section.0')])).to.be.true
    expect(ownStore(store, [join(place, 'link/backups')])).to.be.true
    expect(ownStore(store, [volume])).to.be.true
    expect(ownStore(store, [join(place, 'volume2'), place])).to.be.false
    expect(ownStore(image('other.sparsebundle'), [join(volume, 'x')])).to.be.false
  })

  it('not the image below whose mount point another volume holds the place', () => {
    const home = join(place, 'bob')
    mount(home)
    mount(join(home, 'backup'))
    expect(ownStore(image('bob.sparsebundle', home), [join(home, 'backup/Section.0')])).to.be.false
  })

  it('the image that holds the image that holds the place', () => {
    const outer = join(place, 'outer')
    const inner = join(place, 'inner')
    mount(outer)
    mount(inner)
    mkdirSync(join(outer, 'inner.sparsebundle'))
    const images = [
      image('outer.sparsebundle', outer),
      { path: join(outer, 'inner.sparsebundle'), mountPoints: [inner] },
      image('third.sparsebundle', join(place, 'third')),
    ]
    expect([...ownStores(images, [join(inner, 'dest')])]).to.have.members([images[1]?.path, images[0]?.path])
  })
})
