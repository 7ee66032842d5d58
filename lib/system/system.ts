import { run, type Command, type CommandResult } from './process.js'

/** The programs of the machine that are called, each an absolute path, settable as `tools` in the configuration. */
export interface Tools {
  readonly hdiutil: string
  readonly fsckHfs: string
  readonly fsckApfs: string
  readonly lsof: string
  readonly who: string
  readonly scutil: string
  readonly caffeinate: string
  readonly dscl: string
  readonly stat: string
  readonly mount: string
  readonly ps: string
  readonly rsync: string
  readonly ssh: string
  readonly btrfs: string
  readonly bind: string
  readonly umount: string
  readonly tmutil: string
  readonly mountApfs: string
  readonly diskutil: string
  readonly systemctl: string
  readonly launchctl: string
  readonly security: string
}

export const defaultTools: Tools = {
  hdiutil: '/usr/bin/hdiutil',
  fsckHfs: '/sbin/fsck_hfs',
  fsckApfs: '/sbin/fsck_apfs',
  lsof: '/usr/sbin/lsof',
  who: '/usr/bin/who',
  scutil: '/usr/sbin/scutil',
  caffeinate: '/usr/bin/caffeinate',
  dscl: '/usr/bin/dscl',
  stat: '/usr/bin/stat',
  mount: '/sbin/mount',
  ps: '/bin/ps',
  rsync: '/usr/bin/rsync',
  ssh: '/usr/bin/ssh',
  btrfs: '/usr/bin/btrfs',
  bind: '/usr/bin/mount',
  umount: '/usr/bin/umount',
  tmutil: '/usr/bin/tmutil',
  mountApfs: '/sbin/mount_apfs',
  diskutil: '/usr/sbin/diskutil',
  systemctl: '/usr/bin/systemctl',
  launchctl: '/bin/launchctl',
  security: '/usr/bin/security',
}

export type Platform = 'macos' | 'linux'

/** What a step needs of the machine besides files: which kind it is, its programs, the time. Tests hand in fakes. */
export interface System {
  readonly platform: Platform
  readonly tools: Tools
  now(): Date
  /** Runs a tool; the limit on each command is the configuration's `limits.commandSeconds` unless given. */
  tool(name: keyof Tools, args: readonly string[], options?: ToolOptions): Promise<CommandResult>
}

export type ToolOptions = Partial<Omit<Command, 'file' | 'args'>>

/** Given the platform, tools and limit of the configuration, return the real machine. */
export function realSystem(settings: {
  platform: Platform | 'auto'
  tools?: Partial<Tools>
  commandSeconds: number
}): System {
  const platform =
    settings.platform === 'auto' ? (process.platform === 'darwin' ? 'macos' : 'linux') : settings.platform
  const tools = { ...defaultTools, ...settings.tools }
  return {
    platform,
    tools,
    now: () => new Date(),
    tool: (name, args, options) =>
      run({ timeoutSeconds: settings.commandSeconds, ...options, file: tools[name], args }),
  }
}
