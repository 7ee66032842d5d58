/**
 * Given entries of users, how much each takes and how much there is room for, return those that fit, in their order. Every
 * user's first ones come before anybody's further ones: who has very many crowds out nobody else's.
 */
export function fairShare<Entry extends { readonly user: string }>(
  entries: readonly Entry[],
  sizeOf: (entry: Entry) => number,
  room: number,
): Entry[] {
  const had = new Map<string, number>()
  const ranked = entries.map((entry) => {
    const rank = had.get(entry.user) ?? 0
    had.set(entry.user, rank + 1)
    return { entry, rank }
  })
  const fits = new Set<Entry>()
  let left = room
  for (const { entry } of ranked.sort((one, other) => one.rank - other.rank)) {
    const takes = sizeOf(entry)
    if (takes > left) continue
    left -= takes
    fits.add(entry)
  }
  return entries.filter((entry) => fits.has(entry))
}
