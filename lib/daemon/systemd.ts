import type { Unit, UnitFacts } from './unit-type.js'

/** Given the facts, return the units for systemd: the daemon, the check of the last runs, and its timer. */
export function systemdUnits(facts: UnitFacts): Unit[] {
  const { id, followsImages } = facts
  const alarm = `lbackup-filevault-alarm-${id}`
  const daemon = { name: `lbackup-filevault-${id}.service`, text: daemonService(facts), started: true }
  return [
    ...(followsImages ? [daemon] : []),
    { name: `${alarm}.service`, text: alarmService(facts), started: false },
    { name: `${alarm}.timer`, text: alarmTimer(facts), started: true },
  ]
}

const daemonService = (facts: UnitFacts): string => `[Unit]
Description=Follows disk images between backups (lbackup-filevault)
After=local-fs.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${command(facts, ['daemon', 'run'])}
Restart=on-failure
RestartSec=30
TimeoutStopSec=20
Nice=10
IOSchedulingClass=idle
${sandbox(facts)}
[Install]
WantedBy=multi-user.target
`

/** A warning or an error makes the unit fail, so that \`systemctl --failed\` and OnFailure= know of it. */
const alarmService = (facts: UnitFacts): string => `[Unit]
Description=Cries where the last backups of disk images want a look (lbackup-filevault)

[Service]
Type=oneshot
ExecStart=${command(facts, ['status', '--alarm'])}
TimeoutStartSec=300
${sandbox({ ...facts, freezes: false }, ['CAP_KILL'])}`

const alarmTimer = ({ alarmMinutes }: UnitFacts): string => `[Unit]
Description=Looks after the last backups of disk images (lbackup-filevault)

[Timer]
OnBootSec=10min
OnUnitActiveSec=${String(alarmMinutes)}min
AccuracySec=1min

[Install]
WantedBy=timers.target
`

/**
 * What is read must stay in sight: homes, mounts as they come and go, /proc of all processes with what they have open, and
 * loop devices in /sys. So no ProcSubset=, no ProtectProc=, no PrivatePIDs=. V8 writes code and runs it, so no
 * MemoryDenyWriteExecute=. What is frozen has the modes of the image, as of a folder that hands its group on, which
 * RestrictSUIDSGID= would refuse.
 */
const sandbox = ({ writable, roots, freezes }: UnitFacts, more: readonly string[] = []): string => `\
UMask=0077
Environment=LC_ALL=C
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths=${writable.map((path) => word(path)).join(' ')}
PrivateTmp=${[...roots, ...writable].some(inTmp) ? 'no' : 'yes'}
PrivateDevices=yes
PrivateNetwork=yes
IPAddressDeny=any
RestrictAddressFamilies=AF_UNIX
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=${freezes ? 'no' : 'yes'}
LockPersonality=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
CapabilityBoundingSet=${[...reading, ...(freezes ? freezing : []), ...more].join(' ')}
MemoryMax=768M
TasksMax=64
LimitNOFILE=4096
LimitCORE=0
`

/** Homes of others, what their processes have open, and what is mapped into their memory (map_files of proc(5)). */
const reading = ['CAP_DAC_READ_SEARCH', 'CAP_SYS_PTRACE', 'CAP_CHECKPOINT_RESTORE']
/** Owner, mode and times of what is frozen, and snapshots and mounts. */
const freezing = ['CAP_CHOWN', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_DAC_OVERRIDE', 'CAP_SYS_ADMIN']

const command = ({ node, program, configurationFile }: UnitFacts, verb: readonly string[]): string =>
  [node, program, ...verb, '--config', configurationFile].map((one) => word(one).replaceAll('$', '$$$$')).join(' ')

/** One word of a setting, systemd.syntax(7): quoted, with specifiers written twice. */
const word = (text: string): string => {
  const plain = text.replaceAll('%', '%%')
  return /^[\w@%+=:,./$-]+$/.test(plain) ? plain : `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

const inTmp = (path: string): boolean => ['/', '/tmp', '/var/tmp'].includes(path) || /^\/(var\/)?tmp\//u.test(path)
