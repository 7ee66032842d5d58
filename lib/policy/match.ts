import type { PolicyMatch } from './policy.js'

/**
 * Given a policy's `match` and an image's user and printable path, tell whether they fit. `user` is compared as it is.
 * `path` is absolute and fits the image itself or any folder above it; `*` stands for any characters within one name,
 * `**` for any at all.
 */
export function matches(match: PolicyMatch | undefined, image: { user: string; path: string }): boolean {
  if (match === undefined) return true
  if (match.user !== undefined && match.user !== image.user) return false
  return match.path === undefined || pathPattern(match.path).test(image.path)
}

function pathPattern(pattern: string): RegExp {
  const source = pattern
    .replace(/\/+$/, '')
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('')
  return new RegExp(`^${source}(/.*)?$`, 's')
}
