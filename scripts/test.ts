import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'

// npm test: every test file, in two mochas more than the machine has processors, since sessions wait for the next second
// now and then. Each takes the next batch as it gets free: a file of whole sessions, or some files of a folder of unit
// tests. What a batch prints comes in one piece. A session that a failed test left hanging must not hold up the rest.
const mostFiles = 9
const batches = inBatches(
  readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
    .sort(),
)
const scratch = mkdtempSync(join(tmpdir(), 'lbackup-filevault-tests-'))
const total = { passed: 0, failed: 0, skipped: 0 }
const failures: string[] = []
const waiting = [...batches.entries()]
await Promise.all(Array.from({ length: Math.min(4, availableParallelism() + 2) }, takeBatches))
rmSync(scratch, { recursive: true })

const line = `${String(total.passed)} passed, ${String(total.failed)} failed, ${String(total.skipped)} skipped`
// What failed stands somewhere in thousands of lines; here it stands again.
console.log(['', ...failures, line].join('\n'))
if (process.env['MOCHA_SUMMARY']) writeFileSync(process.env['MOCHA_SUMMARY'], `${line}\n`)

async function takeBatches(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(...next)
}

async function run(number: number, files: readonly string[]): Promise<void> {
  const summary = join(scratch, String(number))
  const mocha = spawn(process.execPath, ['node_modules/mocha/bin/mocha.js', '--exit', ...files], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MOCHA_SUMMARY: summary },
  })
  const printed: Buffer[] = []
  for (const stream of [mocha.stdout, mocha.stderr]) stream.on('data', (data: Buffer) => printed.push(data))
  const [code] = (await once(mocha, 'close')) as [number | null]
  const output = Buffer.concat(printed)
  process.stdout.write(output)
  const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped/.exec(read(summary)) ?? []
  total.passed += Number(passed ?? 0)
  total.skipped += Number(skipped ?? 0)
  total.failed += Number(failed ?? 0)
  if (code === 0 && passed !== undefined) return
  const text = output.toString()
  failures.push(
    `mocha ended with ${String(code)}: ${files.join(' ')}`,
    text.slice(Math.max(0, text.search(/^ +\d+ failing$/m))),
  )
  process.exitCode = 1
  if (failed === undefined || failed === '0') total.failed += 1
}

function inBatches(files: readonly string[]): string[][] {
  const batches = new Map<string, string[]>()
  for (const file of files) {
    const name = file.startsWith('test/unit/') ? file.split('/').slice(0, 3).join('/') : file
    batches.set(name, [...(batches.get(name) ?? []), file])
  }
  // A large folder would be the last to end, and alone.
  return [...batches.values()].flatMap((batch) =>
    Array.from({ length: Math.ceil(batch.length / mostFiles) }, (_, at) =>
      batch.slice(at * mostFiles, (at + 1) * mostFiles),
    ),
  )
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
