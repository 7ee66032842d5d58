const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** Given a number of bytes, return it for people: `12 bytes`, `3.4 MiB`. */
export function size(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  if (unit === 0) return bytes === 1 ? '1 byte' : `${String(bytes)} bytes`
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit] as string}`
}

/** Given seconds, return them for people: `8 s`, `12 min`, `3 h 5 min`, `4 days`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 120) return `${String(whole)} s`
  const minutes = Math.round(whole / 60)
  if (minutes < 120) return `${String(minutes)} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${String(hours)} h` : `${String(hours)} h ${String(minutes % 60)} min`
  return `${String(Math.round(hours / 24))} days`
}

/** Given a count and a noun, return both with the noun's number right: `1 image`, `3 images`. */
export const count = (n: number, noun: string, plural = `${noun}s`): string => `${String(n)} ${n === 1 ? noun : plural}`

/** Given names, return them as a sentence part: `a`, `a and b`, `a, b and c`. */
export function list(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? ''
  return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1] as string}`
}
