/** Bands to draw: how many the disk has room for, their size in bytes, and how much of each is stored. */
export interface MappedBands {
  readonly possibleBands: number
  readonly bandSize: number
  /** Size of the disk inside, in bytes. */
  readonly virtualBytes: number
  readonly indexes: ArrayLike<number>
  /** Bytes stored of each. */
  readonly sizes: ArrayLike<number>
}

/** A map of bands: `cells` from the start of the disk on, each the stored part of its bands, from 0 to 1. */
export interface BandMap {
  readonly bandsPerCell: number
  readonly cells: readonly number[]
}

const mostRows = 16

/** Given bands and how many cells fit into a line, put as many bands into each cell as keeps the map within 16 lines. */
export function mapBands(bands: MappedBands, columns: number): BandMap {
  const { possibleBands, bandSize, virtualBytes, indexes, sizes } = bands
  const bandsPerCell = Math.max(1, Math.ceil(possibleBands / (columns * mostRows)))
  const stored = new Float64Array(Math.ceil(possibleBands / bandsPerCell))
  for (let at = 0; at < indexes.length; at += 1) {
    const index = indexes[at] as number
    const cell = Math.floor(index / bandsPerCell)
    const room = Math.min(bandSize, virtualBytes - index * bandSize)
    if (index < possibleBands) stored[cell] = (stored[cell] as number) + Math.min(sizes[at] as number, room)
  }
  const cellBytes = bandsPerCell * bandSize
  const cells = [...stored].map((bytes, cell) => bytes / Math.min(cellBytes, virtualBytes - cell * cellBytes))
  return { bandsPerCell, cells }
}

/** Given the stored part of a cell, return its character: nothing and all of it are unmistakable. */
export function cellCharacter(stored: number): string {
  if (stored === 0) return '·'
  if (stored < 1 / 3) return '░'
  if (stored < 2 / 3) return '▒'
  return stored < 1 ? '▓' : '█'
}

/** Given a map and how many cells fit into a line, return its lines. */
export function drawMap({ cells }: BandMap, columns: number): string[] {
  const lines: string[] = []
  for (let at = 0; at < cells.length; at += columns)
    lines.push(
      cells
        .slice(at, at + columns)
        .map(cellCharacter)
        .join(''),
    )
  return lines
}
