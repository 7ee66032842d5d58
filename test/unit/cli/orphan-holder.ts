import { execFileSync } from 'node:child_process'

const held: number[] = []

afterEach(() => {
  for (const pid of held.splice(0)) process.kill(pid, 'SIGKILL')
})

/**
 * Holds a file open for writing until the test ends, in a process that does not descend from this one: a verb run here
 * takes no account of what its own descendants hold.
 */
export function holdAsOrphan(file: string): void {
  const script = 'exec 3<>"$1"; sleep 1000 </dev/null >/dev/null 2>&1 & echo $!'
  held.push(Number(execFileSync('sh', ['-c', script, 'sh', file], { encoding: 'utf8' })))
}
