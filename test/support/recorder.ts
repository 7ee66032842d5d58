import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A program that notes the arguments of each call, and what it was called with so far. */
export interface Recorder {
  readonly file: string
  readonly calls: () => string[][]
}

/** Makes such a program in a folder; what it does besides is a shell script. */
export function recorder(folder: string, body = ''): Recorder {
  const [file, log] = [join(folder, 'tell user'), join(folder, 'told')]
  writeFileSync(file, `#!/bin/sh\n{ printf '%s\\0' "$@"; printf '\\0'; } >>'${log}'\n${body}\n`, { mode: 0o755 })
  return {
    file,
    calls: () => {
      if (!existsSync(log)) return []
      const texts = readFileSync(log, 'utf8').split('\0\0').slice(0, -1)
      return texts.map((text) => text.split('\0'))
    },
  }
}
