import { OperationalError } from '../finding/operational-error.js'
import { count } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { isWithin, type RawPath } from '../text/raw-path.js'
import type { ExcludesWish } from './excludes-type.js'
import { literalPattern, longestPattern, patternOfEntries, transferPath, transferRoot } from './pattern.js'
import type { TransferRoot } from './pattern.js'
import { isCovered, placeAbove, placesOf, placesWithin, type Place, type Places } from './places.js'

/** Where rsync starts, what is wished, and which system's rsync reads the rules. */
export interface RulesRequest {
  /** LBackup's `backupSource` as written: a trailing slash matters. */
  readonly source: RawPath
  /** Its real path, where a link leads to it; the wishes' paths lie in it. */
  readonly realSource?: RawPath
  readonly wishes: readonly ExcludesWish[]
  readonly platform?: keyof typeof longestPattern
}

/** Our own folder in a section: a user's folder of that name must never get there. */
const ourFolder = '- /.lbackup-filevault' as RawPath

/**
 * Given the source and the wishes, return the lines for rsync, in order: with "the first that matches wins" they give
 * what is wished, and say nothing of anything else. Throws OperationalError where that cannot be said in patterns.
 */
export function excludesRules(request: RulesRequest): RawPath[] {
  const root = transferRoot(request.source, request.realSource)
  const places = placesOf(request.wishes)
  refuseClearText(root, places)
  const literal = new Map<RawPath, RawPath>()
  const entries = new Map<RawPath, RawPath>()
  const say = (sign: '+' | '-', path: RawPath, folder: boolean): void => {
    const pattern = literalPattern(transferPath(root, path))
    literal.set(path, `${sign} ${pattern}${folder ? '/' : ''}` as RawPath)
  }
  const sayEntries = (path: RawPath): void => {
    entries.set(path, `- ${patternOfEntries(transferPath(root, path))}` as RawPath)
  }
  for (const folder of places.opened) {
    if (!isWithin(folder, root.folder)) continue
    if (folder !== root.folder && isCovered(places.all, folder)) say('+', folder, true)
    sayEntries(folder)
  }
  for (const place of placesWithin(places, root.folder)) {
    const { path, stand } = place
    if (places.opened.has(path)) continue
    if (path === root.folder) {
      if (leavesSource(place)) sayEntries(path)
    } else if (isCovered(places.all, path)) {
      if (stand === 'copied') say('+', path, place.folder === true)
    } else if (stand === 'left') say('-', path, place.folder === true)
    else if (stand === 'hollow') sayEntries(path)
  }
  const rules = [ourFolder, ...inOrder(literal), ...inOrder(entries)]
  refuseTooLong(rules, longestPattern[request.platform ?? 'linux'])
  return rules
}

// One path has one literal rule, and all of them stand before the `/*` rules: so no rule hides another.
const inOrder = (rules: ReadonlyMap<RawPath, RawPath>): RawPath[] =>
  [...rules].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule)

/** An empty transfer makes LBackup's rotation destroy the set, so a source may be emptied but never excluded itself. */
function leavesSource(place: Place): boolean {
  if (place.stand === 'copied') return false
  if (place.folder === true) return true
  throw new OperationalError(
    'source-left-out',
    `The image ${printable(place.path)} is itself the source of this backup and is to be left out tonight; then nothing is left to back up.`,
    'Let the policy halt the run for this image, or name the folder that holds it as backupSource.',
  )
}

/** A source that lies in something left out, with nothing in it to copy. */
function refuseClearText(root: TransferRoot, places: Places): void {
  const at = places.all.get(root.folder)
  const above = at === undefined || at.what === 'mount-point' ? (at ?? placeAbove(places.all, root.folder)) : undefined
  if (above === undefined || above.stand === 'copied' || places.opened.has(root.folder)) return
  if (above.what === 'image') {
    throw new OperationalError(
      'source-inside-image',
      `The backup's source ${printable(root.folder)} lies inside the image ${printable(above.path)}, which is to be left out.`,
      'Name a folder that holds the whole image as backupSource: parts of an image are of no use.',
    )
  }
  throw new OperationalError(
    'source-is-clear-text',
    `The backup's source ${printable(root.folder)} lies in ${printable(above.path)}, where the clear text of an image appears while it is attached, and the policy does not allow clear text in the backup.`,
    'Back up the folder that holds the image, or give it a policy with `when: attached` and `allowClearText: true`.',
  )
}

function refuseTooLong(rules: readonly RawPath[], limit: number): void {
  const tooLong = rules.find((rule) => rule.length - 2 > limit)
  if (tooLong === undefined) return
  throw new OperationalError(
    'excludes-rule-too-long',
    `The exclude rule for ${printable(tooLong.slice(2, 82) as RawPath)}… needs ${count(tooLong.length - 2, 'byte')}; rsync would drop a rule longer than ${count(limit, 'byte')} and go on without it.`,
    'Give the folders above that image shorter names, or move it.',
  )
}
