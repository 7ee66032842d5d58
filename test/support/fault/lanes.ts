/**
 * Given work items and what makes a lane, do the items in two lanes, each one after another. Returns how many of them
 * answered true.
 */
export async function inLanes<Item, Lane>(
  items: readonly Item[],
  make: () => Promise<Lane>,
  work: (lane: Lane, item: Item) => Promise<boolean>,
): Promise<number> {
  const left = [...items]
  let done = 0
  const run = async (): Promise<void> => {
    const lane = await make()
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      if (await work(lane, item)) done += 1
    }
  }
  await Promise.all([run(), run()])
  return done
}
