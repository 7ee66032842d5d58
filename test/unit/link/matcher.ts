/** rsync's own matching, as far as our rules use it: anchored patterns, `*` within a name, `[^…]`, backslash escapes. */
function expression(pattern: string): RegExp {
  if (!/[*?[]/.test(pattern)) return new RegExp(`^${pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`, 's')
  const source = pattern.replace(/\\(.)|\[\^([^\]]*)\]|\*|\?|[^\\]/gs, (part, escaped?: string, set?: string) => {
    if (escaped !== undefined) return escaped.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    if (set !== undefined) return `[^${set}/]`
    if (part === '*') return '[^/]*'
    if (part === '?') return '[^/]'
    return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  })
  return new RegExp(`^${source}$`, 's')
}

/** Given rule lines, a path as rsync sees it and whether it is a folder, tell whether rsync copies it. */
export function copies(rules: readonly string[], path: string, isFolder: (path: string) => boolean): boolean {
  const names = path.split('/').slice(1)
  return names.every((_, index) => {
    const part = `/${names.slice(0, index + 1).join('/')}`
    const rule = rules.find((line) => {
      const pattern = line.slice(2)
      if (!pattern.endsWith('/')) return expression(pattern).test(part)
      return isFolder(part) && expression(pattern.slice(0, -1)).test(part)
    })
    return rule === undefined || rule.startsWith('+ ')
  })
}
