import fc from 'fast-check'
import type { ExcludesWish } from '../../../lib/link/excludes-type.js'
import { join, type RawPath } from '../../../lib/text/raw-path.js'
import { raw } from './tree.js'

const pieces = [
  '\n',
  '\r',
  ' ',
  '*',
  '**',
  '?',
  '[',
  ']',
  '[a]',
  '\\',
  '#',
  ';',
  '!',
  '+ ',
  '- ',
  '\xe9',
  '\xff',
  '\x01',
  '\t',
  'a',
  'b',
  '.',
]

/** Names as nasty as a file system allows, as bytes. */
export const name: fc.Arbitrary<RawPath> = fc
  .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 })
  .map((parts) => raw(parts.join('')))
  .filter((text) => text !== '.' && text !== '..')

/** A user of a random tree: what lies in his home and what is wished. */
export interface RandomUser {
  readonly name: RawPath
  readonly image: RawPath
  readonly wish:
    'none' | 'leave-out' | 'copy-image' | 'mounted' | 'mounted-with-image' | 'image' | 'contents' | 'nothing'
  readonly lies: 'home' | 'hidden-home'
}

const user: fc.Arbitrary<RandomUser> = fc.record({
  name,
  image: name,
  wish: fc.constantFrom(
    'none', 'leave-out', 'copy-image', 'mounted', 'mounted-with-image', 'image', 'contents', 'nothing',
  ),
  lies: fc.constantFrom('home', 'hidden-home'),
}) // prettier-ignore

/** Users whose homes and hidden homes have names of their own. */
export const users = fc
  .array(user, { minLength: 1, maxLength: 6 })
  .filter((list) => new Set(list.flatMap((one) => [one.name, `.${one.name}`])).size === 2 * list.length)

/** What lies on the disk for a user, relative to the source: both places of his image at once, clear text in both. */
export function treeOf(one: RandomUser): RawPath[] {
  const homes = [one.name, raw(`.${one.name}`)]
  const members = ['Info.plist', 'token', 'bands/0', 'bands/1f']
  return homes.flatMap((home) => [
    ...members.map((member) => join(home, one.image, member)),
    join(home, 'plain \\[*?'),
    join(home, 'Library/deep/nested', member0),
    join(home, `x${one.image}/other`),
  ])
}
const member0 = 'file'

/** The wishes of a user, with paths below `source`. */
export function wishesOf(one: RandomUser, source: RawPath): ExcludesWish[] {
  const home = join(source, one.name)
  const path = join(home, one.image)
  const container = 'sparse-bundle'
  switch (one.wish) {
    case 'none':
      return []
    case 'leave-out':
      return [{ kind: 'leave-out', path }]
    case 'copy-image':
      return [{ kind: 'copy-image', path, container }]
    case 'mounted':
      return [{ kind: 'mount-point', path: join(home, 'Library/deep'), copy: false }]
    case 'mounted-with-image':
      return [
        { kind: 'mount-point', path: home, copy: false },
        { kind: 'copy-image', path: join(home, 'Library/deep/nested'), container },
      ]
    default: {
      const hiddenHome = join(source, `.${one.name}`)
      const { lies, image: imageName, wish: copy } = one
      return [{ kind: 'filevault-home', home, hiddenHome, imageName, container, lies, copy }]
    }
  }
}

/** The naive answer: is this path (relative to the source) to be in the copy? Says it user by user, without rules. */
export function isWished(one: RandomUser, path: RawPath): boolean {
  const within = (folder: string): boolean => path === folder || path.startsWith(`${folder}/`)
  const hidden = `.${one.name}`
  const inHome = `${one.name}/${one.image}`
  const inHidden = `${hidden}/${one.image}`
  switch (one.wish) {
    case 'none':
    case 'copy-image':
      return true
    case 'leave-out':
      return !within(inHome)
    case 'mounted':
      return !within(`${one.name}/Library/deep`)
    case 'mounted-with-image': {
      const nested = `${one.name}/Library/deep/nested`
      return !within(one.name) || within(nested) || nested.startsWith(`${path}/`)
    }
    case 'contents':
      return !within(inHome) && !within(hidden)
    case 'nothing':
      return path === one.name
    case 'image':
      if (one.lies === 'home') return path === one.name || within(inHome)
      return path === one.name || path === hidden || within(inHidden)
  }
}
