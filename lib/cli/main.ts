import { OperationalError } from '../finding/operational-error.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { packageVersion } from '../system/package.js'

/** What each verb's file exports. */
export interface Verb {
  /** One line for the list of verbs. */
  readonly summary: string
  /** Fits a screen of 24 lines. */
  readonly help: string
  main(args: string[], context: CliContext): Promise<number>
}

/** Loaded only when called: `status` should not wait for what `doctor` needs. */
const verbs: Record<string, { summary: string; load: () => Promise<Verb> }> = {
  tonight: { summary: 'what the next backup will do with each image, and why', load: () => import('./tonight.js') },
  status: { summary: 'what the last runs said; --alarm for a timer', load: () => import('./status.js') },
  doctor: { summary: 'what will go wrong tonight, with the cure', load: () => import('./doctor.js') },
  discover: { summary: 'find the images below a folder', load: () => import('./discover.js') },
  inspect: { summary: 'one image: kind, size, encryption, in use by', load: () => import('./inspect.js') },
  verify: { summary: 'check the structure of an image or a copy', load: () => import('./verify.js') },
  audit: { summary: 'what years of LBackup left of each image', load: () => import('./audit.js') },
  list: { summary: 'every copy of every image, and what is known of it', load: () => import('./list.js') },
  restore: { summary: 'get an image back as a file of its own; --drill', load: () => import('./restore.js') },
  export: { summary: 'the disk inside an image, decrypted, as a file', load: () => import('./export.js') },
  forget: { summary: 'release what is kept of an image', load: () => import('./forget.js') },
  config: { summary: 'init, validate or show filevault.json', load: () => import('./config.js') },
  install: { summary: 'put the hooks into an LBackup configuration', load: () => import('./install.js') },
  uninstall: { summary: 'take them out again', load: () => import('./uninstall.js') },
  daemon: { summary: 'follow images between backups; install, status', load: () => import('./daemon.js') },
  pre: { summary: "run the pre-backup hook by hand (LBackup's environment)", load: () => import('./pre.js') },
  post: { summary: "run the post-backup hook by hand (LBackup's environment)", load: () => import('./post.js') },
}

const usage = (): string =>
  [
    'lbackup-filevault: safe backups of sparse disk images with LBackup',
    '',
    'usage: lbackup-filevault VERB [options]    (VERB --help tells more)',
    '',
    ...Object.entries(verbs).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`),
    '',
    'exit codes: 0 fine, 1 warnings, 2 bad or error, 3 could not find out, 64 usage, 70 our bug',
    '',
  ].join('\n')

/** Given the arguments after the program's name, run the verb and return the exit code. */
export async function cli(args: readonly string[], context: CliContext): Promise<number> {
  const [name, ...rest] = args
  if (name === '--version') {
    context.stdout(`${packageVersion()}\n`)
    return exitCode.fine
  }
  if (name === undefined || name === '--help' || name === 'help') {
    context[name === undefined ? 'stderr' : 'stdout'](usage())
    return name === undefined ? exitCode.usage : exitCode.fine
  }
  const entry = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (entry === undefined) {
    context.stderr(`lbackup-filevault: there is no verb "${name}"\n\n${usage()}`)
    return exitCode.usage
  }
  const verb = await entry.load()
  if (rest.includes('--help')) {
    context.stdout(`${verb.help.trimEnd()}\n`)
    return exitCode.fine
  }
  try {
    return await verb.main(rest, context)
  } catch (error) {
    return failed(error, name, context)
  }
}

function failed(error: unknown, name: string, context: CliContext): number {
  if (error instanceof OperationalError) {
    context.stderr(`lbackup-filevault: ${error.message}\n${error.cure}\n`)
    return error.code === 'usage' ? exitCode.usage : exitCode.bad
  }
  const { code, message, stack } = error as { code?: string; message?: string; stack?: string }
  if (code?.startsWith('ERR_PARSE_ARGS') === true) {
    context.stderr(`lbackup-filevault: ${message ?? ''}\nSee: lbackup-filevault ${name} --help\n`)
    return exitCode.usage
  }
  context.stderr(`lbackup-filevault: this is a bug of ours, please report it:\n${stack ?? String(error)}\n`)
  return exitCode.bug
}
