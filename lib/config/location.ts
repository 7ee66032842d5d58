/** The way from the top of the configuration to a value: keys and places in lists. */
export type Location = readonly (string | number)[]

/** Given a location, return it as people write it: `policies[2].ifInUse`. */
export function pathText(location: Location): string {
  let text = ''
  for (const step of location) {
    if (typeof step === 'number') text += `[${String(step)}]`
    else if (!/^[$A-Za-z_][\w$]*$/u.test(step)) text += `[${shown(step)}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

/** Given a JSON pointer (RFC 6901) into a document, return the location. */
export function pointerLocation(pointer: string, document: unknown): Location {
  const location: (string | number)[] = []
  let value = document
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const step = Array.isArray(value) ? Number(key) : key
    location.push(step)
    value = (value as Readonly<Record<string | number, unknown>> | undefined)?.[step]
  }
  return location
}

/** Given a document and a location in it, return the value there, or undefined. */
export function valueAt(document: unknown, location: Location): unknown {
  let value = document
  for (const step of location) value = (value as Readonly<Record<string | number, unknown>> | null | undefined)?.[step]
  return value
}

const unsafe = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

/** Given a value of the configuration, return it as JSON for a message: short, and safe on a terminal. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text
  return short.replaceAll(unsafe, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
