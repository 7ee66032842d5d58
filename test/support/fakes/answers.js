// What the programs of a Mac print, from a state. Forms seen in captures: hdiutil (macOS 10.13 to 15), lsof, who, ps,
// stat. Assumed from manual pages: scutil, dscl, mount.

import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const string = (text) => `<string>${escape(text)}</string>`
const plist = (body) => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${body}
</plist>
`

export const answers = {
  hdiutil(state, args, { input, folder }) {
    if (args[0] === 'attach') return attach(state.attach ?? {}, args, input, folder)
    if (args[0] === 'detach') return detach(state.attach ?? {}, args[1], folder)
    if (args.join(' ') !== 'info -plist') return { stderr: `hdiutil: ${args.join(' ')}: not faked\n`, code: 1 }
    const ours = disksIn(folder).attached.map((path) => ({ path, devices: ['/dev/disk3s1', '/dev/disk3'] }))
    const images = [...(state.attached ?? []), ...ours].map(attachedImage).join('\n')
    return {
      stdout: plist(`<dict>
<key>framework</key><string>683.100.3</string>
${images === '' ? '' : `<key>images</key>\n<array>\n${images}\n</array>`}
<key>revision</key><string>683.100.3</string>
<key>vendor</key><string>Apple</string>
</dict>`),
    }
  },

  // Assumed but for the words of the HFS one.
  fsckHfs: (state, args) => ({ stdout: `** ${args.at(-1)}\n** The volume Test1 appears to be OK.\n` }),
  fsckApfs: (state, args) => ({
    stdout: `** Checking the container superblock.\n** ${args.at(-1)} appears to be OK.\n`,
  }),

  // lsof ends with 1 where one of the files named is open in no process. Of processes it tells what they really have open.
  lsof(state, args, { identity, openFiles }) {
    if (args.includes('-p')) {
      const sets = args[args.indexOf('-p') + 1].split(',').map((pid) => {
        const files = openFiles(pid).map(({ descriptor, path }) => `f${descriptor}\0n${path}\0\n`)
        return `p${pid}\0\n${files.join('')}`
      })
      return { stdout: sets.join('') }
    }
    const files = args.slice(args.indexOf('--') + 1)
    const sets = (state.open ?? [])
      .filter((open) => files.includes(open.path))
      .map((open, at) => {
        const { dev, ino } = identity(open.path)
        const who = [`p${open.pid}`, `c${open.program}`, `u${open.uid ?? 0}`, `L${open.user ?? 'root'}`].join('\0')
        return `${who}\0\nf${at + 3}\0D0x${dev.toString(16)}\0i${ino}\0n${open.path}\0\n`
      })
    const all = files.every((file) => (state.open ?? []).some((open) => open.path === file))
    return { stdout: sets.join(''), code: all ? 0 : 1 }
  },

  stat(state) {
    return { stdout: `${state.console ?? 'root'}\n` }
  },

  // Assumed: it ends with the process that it waits for; nobody waits for it.
  caffeinate: () => ({}),
  scutil(state, _args, { input }) {
    if (!input.startsWith('show State:/Users/ConsoleUser')) return { stdout: '' }
    const users = state.graphical ?? (state.console === undefined ? [] : [state.console])
    if (users.length === 0) return { stdout: '  No such key\n' }
    const sessions = users.map(
      (user, at) => `    ${at} : <dictionary> {
      kCGSSessionOnConsoleKey : ${user === state.console ? 'TRUE' : 'FALSE'}
      kCGSSessionUserNameKey : ${user}
      kCGSessionLoginDoneKey : TRUE
    }`,
    )
    return {
      stdout: `<dictionary> {
  Name : ${state.console ?? 'loginwindow'}
  SessionInfo : <array> {
${sessions.join('\n')}
  }
  UID : 501
}
`,
    }
  },

  who(state) {
    const lines = (state.who ?? []).map(({ user, line, from }) => {
      return `${user.padEnd(8)} ${line.padEnd(12)} Nov 22 10:00${from === undefined ? '' : ` (${from})`} \n`
    })
    return { stdout: lines.join('') }
  },

  dscl(state, args) {
    const users = state.users ?? []
    if (args.includes('-list')) return { stdout: users.map(({ name, uid }) => `${name.padEnd(24)} ${uid}\n`).join('') }
    const records = users.map((user) => {
      const attribute = (name, value) =>
        value === undefined ? '' : `<key>dsAttrTypeStandard:${name}</key><array>${string(value)}</array>`
      return `<dict>${attribute('RecordName', user.name)}${attribute('NFSHomeDirectory', user.home)}${attribute(
        'HomeDirectory',
        user.homeDirectory,
      )}</dict>`
    })
    return { stdout: plist(`<array>\n${records.join('\n')}\n</array>`) }
  },

  mount(state) {
    const volumes = state.volumes ?? [
      { source: '/dev/disk1s1', point: '/', type: 'apfs', flags: ['local', 'journaled'] },
    ]
    return {
      stdout: volumes.map((one) => `${one.source} on ${one.point} (${[one.type, ...one.flags].join(', ')})\n`).join(''),
    }
  },

  // All of APFS is assumed. A snapshot shows its volume, here by a bind; it does not stand still.
  tmutil(state, args) {
    if (args[0] !== 'localsnapshot') return {}
    return {
      stdout: 'NOTE: local snapshots are considered purgeable.\nCreated local snapshot with date: 2026-01-02-030405\n',
    }
  },

  mountApfs(state, args) {
    const [name, volume, point] = args.slice(args.indexOf('-s') + 1)
    if (name !== 'com.apple.TimeMachine.2026-01-02-030405.local') return { stderr: 'no such snapshot\n', code: 66 }
    const { status } = spawnSync('mount', ['-c', '-o', 'bind,ro', volume, point])
    return { code: status ?? 1 }
  },

  diskutil(state, args) {
    return { code: spawnSync('umount', [realpathSync(args[1])]).status ?? 1 }
  },

  ps(state) {
    return { stdout: (state.processes ?? []).map(({ pid, parentPid }) => `${pid} ${parentPid}\n`).join('') }
  },
}

function attachedImage(image) {
  const optional = (key, value, form) => (value === undefined ? '' : `<key>${key}</key>${form(value)}\n`)
  const integer = (number) => `<integer>${number}</integer>`
  const flag = (value) => (value ? '<true/>' : '<false/>')
  const points = image.mountPoints ?? []
  const devices = image.devices ?? ['/dev/disk4', '/dev/disk4s1']
  const entities = devices.map((device, at) => {
    // The volume is on the last entities; the first is the whole disk.
    const point = points[at - (devices.length - points.length)]
    return `<dict><key>content-hint</key><string></string><key>dev-entry</key>${string(device)}${optional('mount-point', point, string)}</dict>`
  })
  return `<dict>
${optional('hdid-pid', image.pid, integer)}<key>image-path</key>${string(image.path)}
<key>image-type</key><string>sparse bundle disk image</string>
${optional('owner-uid', image.uid, integer)}<key>system-entities</key><array>${entities.join('\n')}</array>
${optional('writeable', image.writeable, flag)}</dict>`
}

const disksFile = (folder) => join(folder, 'disks.json')
const disksIn = (folder) =>
  existsSync(disksFile(folder)) ? JSON.parse(readFileSync(disksFile(folder), 'utf8')) : { attached: [], seen: [] }
const note = (folder, disks) => writeFileSync(disksFile(folder), JSON.stringify(disks))

/** Forms of captures; the numbers of `busy` and `attached` are ours. */
function attach(how, args, input, folder) {
  const path = args.at(-1)
  const disks = disksIn(folder)
  const inodes = [path, ...readdirSafely(path).map((name) => join(path, name))].map((one) => lstatSync(one).ino)
  disks.seen.push({ path, mode: statSync(dirname(path)).mode & 0o777, inodes })
  const wrong = how.passphrase !== undefined && input.split('\0')[0] !== how.passphrase
  const fails = wrong || how.stderr !== undefined
  if (!fails || how.hang) disks.attached.push(path)
  note(folder, disks)
  if (wrong) return { stderr: 'hdiutil: attach failed - Authentication error\n', code: 1 }
  if (how.hang) return { hang: true }
  if (fails) return { stderr: how.stderr, code: how.code ?? 1 }
  return { stdout: how.answer ?? plist(`<dict><key>system-entities</key><array>${hfsEntities}</array></dict>`) }
}

const readdirSafely = (path) => (statSync(path).isDirectory() ? readdirSync(path, { recursive: true }) : [])

const hfsEntities = [
  ['Apple_partition_scheme', '/dev/disk3'],
  ['Apple_HFS', '/dev/disk3s2'],
]
  .map(([hint, device]) => `<dict><key>content-hint</key>${string(hint)}<key>dev-entry</key>${string(device)}</dict>`)
  .join('\n')

function detach(how, device, folder) {
  const disks = disksIn(folder)
  disks.detaches = (disks.detaches ?? 0) + 1
  const busy = disks.detaches <= (how.busy ?? 0)
  if (!busy) disks.attached.pop()
  note(folder, disks)
  return busy
    ? { stderr: `hdiutil: couldn't unmount "${device.slice(5)}" - Resource busy\n`, code: 16 }
    : { stdout: '' }
}
