import { realPath } from '../system/file.js'
import { fromText } from '../text/raw-path.js'

const stable = ['/usr/local/bin/node', '/opt/homebrew/bin/node', '/usr/bin/node']

/**
 * Given the path of the Node that runs and links that survive its updates, return the first of these that leads to the
 * same program, else that path itself.
 */
export function nodePath(running: string, links: readonly string[] = stable): string {
  const real = realPath(fromText(running))
  return links.find((link) => real !== undefined && sameProgram(link, real)) ?? running
}

function sameProgram(link: string, real: string): boolean {
  try {
    return realPath(fromText(link)) === real
  } catch {
    return false
  }
}
