import { Buffer } from 'node:buffer'

declare const raw: unique symbol

/**
 * A path or name as the bytes the file system holds, one character (U+0000 to U+00FF) for each byte. A name need not
 * be UTF-8: a JavaScript string decoded as UTF-8 would no longer name such a file.
 */
export type RawPath = string & { readonly [raw]: true }

/** Given a path's bytes, return it as a RawPath. */
export const fromBytes = (bytes: Buffer): RawPath => bytes.toString('latin1') as RawPath

/** Given a path as ordinary text, return the RawPath of its UTF-8 bytes. */
export const fromText = (text: string): RawPath => Buffer.from(text, 'utf8').toString('latin1') as RawPath

/** Given a name read with Node's `latin1` encoding, return it as a RawPath; the caller vouches for the encoding. */
export const fromLatin1 = (name: string): RawPath => name as RawPath

/** Given a RawPath, return its bytes, which every `node:fs` function accepts as a path. */
export const toBytes = (path: RawPath): Buffer => Buffer.from(path, 'latin1')

/** Given a folder and names below it, return them joined by single slashes. */
export function join(folder: RawPath, ...names: readonly (RawPath | string)[]): RawPath {
  let path: string = folder
  for (const name of names) {
    if (name === '') continue
    path = path === '' || path.endsWith('/') ? path + name : `${path}/${name}`
  }
  return path as RawPath
}

/** Given a path, return its last name; trailing slashes do not count; of `/` it is empty. */
export function baseName(path: RawPath): RawPath {
  const trimmed = withoutTrailingSlash(path)
  return trimmed.slice(trimmed.lastIndexOf('/') + 1) as RawPath
}

/** Given a path, return the folder that holds it: `/` of `/name`, and the empty path of a bare name. */
export function parent(path: RawPath): RawPath {
  const trimmed = withoutTrailingSlash(path)
  const slash = trimmed.lastIndexOf('/')
  if (slash < 0) return '' as RawPath
  return (slash === 0 ? '/' : trimmed.slice(0, slash)) as RawPath
}

/** Given a path, return it without trailing slashes; `/` stays. */
export function withoutTrailingSlash(path: RawPath): RawPath {
  let end = path.length
  while (end > 1 && path[end - 1] === '/') end -= 1
  return path.slice(0, end) as RawPath
}

/** Given a path and a folder, tell whether the path is the folder itself or lies below it. Both absolute, no `..`. */
export function isWithin(path: RawPath, folder: RawPath): boolean {
  const trimmed = withoutTrailingSlash(folder)
  return path === trimmed || trimmed === '/' || path.startsWith(`${trimmed}/`)
}

/** Given a path within a folder, return what follows the folder, without a leading slash; empty for the folder itself. */
export function relativeTo(path: RawPath, folder: RawPath): RawPath {
  const trimmed = withoutTrailingSlash(folder)
  return path.slice(trimmed === '/' ? 1 : trimmed.length + 1) as RawPath
}
