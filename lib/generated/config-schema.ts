// Made from schemas/config.schema.json by npm run generate.
export const configSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://lbackup-filevault.invalid/schemas/config.schema.json',
  title: 'Config',
  description:
    "filevault.json, beside LBackup's configuration file. Every setting may be left out; comments and trailing commas are allowed.",
  type: 'object',
  additionalProperties: false,
  properties: {
    $schema: {
      description: 'Where editors find the description of this file; it means nothing to the hooks.',
      type: 'string',
      examples: ['https://lbackup-filevault.invalid/schemas/config.schema.json'],
    },
    search: { $ref: '#/$defs/search' },
    policies: {
      description:
        'What is done with an image, by whose it is and where it lies. The first policy that matches wins; the last one, without match, is for all the others. Without one the built-in default holds: an image in use is left out, and its newest good copy takes its place.',
      type: 'array',
      maxItems: 1000,
      items: { $ref: '#/$defs/policy' },
      default: [{}],
      examples: [
        [
          { match: { user: 'bob' }, ifInUse: 'wait', waitMinutes: 30, ifStillInUse: 'copy-and-prove' },
          { ifInUse: 'copy-and-prove' },
        ],
      ],
    },
    passphrases: {
      description:
        'Where the passphrases of encrypted images are, for the level volume, inspect, verify and export. The first entry that matches an image is taken; a passphrase given on the command line comes before all of them.',
      type: 'array',
      maxItems: 1000,
      items: { $ref: '#/$defs/passphrase' },
      default: [],
      examples: [[{ match: { user: 'bob' }, file: '/etc/lbackup/bob.passphrase' }]],
    },
    source: { $ref: '#/$defs/source' },
    verify: { $ref: '#/$defs/verify' },
    repair: {
      description:
        'on: bands that are wrong in the new copy are copied again after the backup, while nothing uses the image. off: they are only reported.',
      enum: ['on', 'off'],
      default: 'on',
      examples: ['off'],
    },
    keep: { $ref: '#/$defs/keep' },
    watch: { $ref: '#/$defs/watch' },
    daemon: { $ref: '#/$defs/daemon' },
    tellUser: { $ref: '#/$defs/tellUser' },
    limits: { $ref: '#/$defs/limits' },
    tools: { $ref: '#/$defs/tools' },
    platform: {
      description: 'What kind of machine this is; auto asks the system.',
      enum: ['auto', 'macos', 'linux'],
      default: 'auto',
      examples: ['linux'],
    },
    stateFolder: {
      description:
        "Where the records of the runs are kept: a full path of a folder that only root may enter. Left out, it is /var/lib/lbackup-filevault/ID on Linux and /Library/Application Support/lbackup-filevault/ID on macOS, with an ID made from the path of LBackup's configuration file; not as root, XDG_STATE_HOME/lbackup-filevault/ID.",
      type: 'string',
      pattern: '^/',
      examples: ['/var/lib/lbackup-filevault/server'],
    },
    onCrash: {
      description:
        'What LBackup does when the pre hook ends in a way nobody foresaw. halt: no backup tonight, and an error. continue: LBackup copies without protection, and a warning.',
      enum: ['halt', 'continue'],
      default: 'halt',
      examples: ['continue'],
    },
    remote: {
      description:
        'What is done with a source on another machine (useSSH=YES) where our program is not installed, so that its images cannot be looked at before the copy. continue: their copies are judged afterwards, by their structure. halt: no backup.',
      enum: ['continue', 'halt'],
      default: 'continue',
      examples: ['halt'],
    },
    report: { $ref: '#/$defs/report' },
  },
  $defs: {
    search: {
      title: 'SearchConfig',
      description:
        'Where images are looked for. On a client over ssh only roots counts, paths on the client that its client.conf allows: there it is searched 64 folders deep, for as many entries as client.conf says, on one volume.',
      type: 'object',
      additionalProperties: false,
      properties: {
        roots: {
          description:
            "Folders that are searched in addition to LBackup's backupSource. Absolute paths; a byte that is no UTF-8 is written \\\\xHH.",
          type: 'array',
          maxItems: 1000,
          items: { type: 'string', pattern: '^/' },
          default: [],
          examples: [['/Volumes/Homes']],
        },
        mayBeEmpty: {
          description: 'true: that no image at all is found is no reason for a warning.',
          type: 'boolean',
          default: false,
          examples: [true],
        },
        everyFile: {
          description: 'true: every file is opened to see whether it is an image, whatever its name. Slow.',
          type: 'boolean',
          default: false,
          examples: [true],
        },
        maxDepth: {
          description: 'How many folders deep below a root is searched. What lies deeper is reported.',
          type: 'integer',
          minimum: 1,
          maximum: 1024,
          default: 32,
          examples: [12],
        },
        maxEntries: {
          description: 'How many files and folders are looked at before the search gives up and says so.',
          type: 'integer',
          minimum: 1,
          maximum: 1000000000,
          default: 20000000,
          examples: [1000000],
        },
        crossDevices: {
          description: 'true: other file systems mounted below a root are searched too.',
          type: 'boolean',
          default: false,
          examples: [true],
        },
      },
    },
    policy: {
      title: 'PolicyConfig',
      description: 'What is done with the images it matches.',
      type: 'object',
      additionalProperties: false,
      properties: {
        match: { $ref: '#/$defs/match' },
        when: {
          description:
            'detached: the image is copied, and it should be detached then. attached: the mounted contents are backed up instead of the image, as clear text; needs allowClearText.',
          enum: ['detached', 'attached'],
          default: 'detached',
          examples: ['attached'],
        },
        ifInUse: {
          description:
            'What is done while something uses the image. leave-out: it is not copied, and its newest good copy takes its place. wait: for waitMinutes at most, then ifStillInUse. copy-and-prove: it is copied all the same, and its copy counts as suspect unless it is proven. halt: no backup at all tonight.',
          enum: ['leave-out', 'wait', 'copy-and-prove', 'halt'],
          default: 'leave-out',
          examples: ['wait'],
        },
        ifUnknown: {
          description:
            'What is done where it cannot be found out whether something uses the image: copy-and-prove, leave-out or halt, as above.',
          enum: ['copy-and-prove', 'leave-out', 'halt'],
          default: 'copy-and-prove',
          examples: ['halt'],
        },
        waitMinutes: {
          description:
            'Minutes to wait for the image, with ifInUse wait. All waiting of a run together is bounded by limits.waitMinutes.',
          type: 'number',
          minimum: 0,
          maximum: 1440,
          default: 0,
          examples: [30],
        },
        ifStillInUse: {
          description:
            'What is done when the waiting is over and the image is still in use: leave-out, copy-and-prove or halt, as above.',
          enum: ['leave-out', 'copy-and-prove', 'halt'],
          default: 'leave-out',
          examples: ['copy-and-prove'],
        },
        allowClearText: {
          description: 'true: the clear text of an encrypted image may lie in the backup. Needed by when attached.',
          type: 'boolean',
          default: false,
          examples: [true],
        },
      },
    },
    match: {
      title: 'PolicyMatch',
      description: 'Which images the policy is for; with both, both must fit. Without match it is for all.',
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        user: {
          description: 'Short name of the user whose image it is.',
          type: 'string',
          pattern: '^[^/]{1,255}$',
          examples: ['bob'],
        },
        path: {
          description:
            'Absolute path of an image, or of a folder above it; * stands for any characters within one name, ** for any at all. A byte that is no UTF-8 is written \\\\xHH.',
          type: 'string',
          pattern: '^/',
          examples: ['/Users/Shared'],
        },
      },
    },
    passphrase: {
      title: 'PassphraseConfig',
      description:
        'Where the passphrase of the images it matches is. With neither file nor keychain, none is known for them.',
      type: 'object',
      additionalProperties: false,
      properties: {
        match: { $ref: '#/$defs/match' },
        file: {
          description:
            'A file whose first line is the passphrase. It must belong to whoever runs this, with mode 0600. Absolute path.',
          type: 'string',
          pattern: '^/',
          examples: ['/etc/lbackup/bob.passphrase'],
        },
        keychain: {
          description: 'Name of the service of a generic password in the keychain (macOS).',
          type: 'string',
          pattern: '^[^-][^\\u0000]{0,254}$',
          examples: ['bob.sparsebundle'],
        },
      },
    },
    source: {
      title: 'SourceConfig',
      description: 'How LBackup gets at the images.',
      type: 'object',
      additionalProperties: false,
      properties: {
        mode: {
          description:
            "in-place: LBackup copies the images from where they lie. staging: LBackup's backupSource is an empty folder of root's alone, where each image appears for the run, frozen and at a path that never changes; search.roots names the folders in which the images lie.",
          enum: ['in-place', 'staging'],
          default: 'in-place',
          examples: ['staging'],
        },
        folders: {
          description:
            'Plain folders, as homes without FileVault, that are shown read-only beside the images, each under its own name (mode staging; Linux). What lies on other file systems below them is not shown. Absolute paths; a byte that is no UTF-8 is written \\\\xHH.',
          type: 'array',
          maxItems: 1000,
          items: { type: 'string', pattern: '^/' },
          default: [],
          examples: [['/home/alice']],
        },
        hardLinks: {
          description:
            'true: an image at rest on a volume that can neither clone nor take snapshots is shown by hard links (mode staging). Its members have a second name during the run, which newest macOS refuses to open; so never on macOS and never on a folder that is exported to other machines.',
          type: 'boolean',
          default: false,
          examples: [true],
        },
        reservePercent: {
          description:
            "Percent of the staging folder's volume that must be free when images are frozen (mode staging): what users write meanwhile takes room beside it. With less the backup is halted.",
          type: 'number',
          minimum: 0,
          maximum: 100,
          default: 10,
          examples: [25],
        },
      },
    },
    verify: {
      title: 'VerifyConfig',
      description: 'How closely the copies are looked at.',
      type: 'object',
      additionalProperties: false,
      properties: {
        level: {
          description:
            "structure: every member that must be there is there, of the right size, time and kind. compare: every byte of the copy is also compared with the image, as far as it is not known from earlier nights. volume: the disk inside of the copy is checked too, its partition map and the heads of its file systems; of an encrypted image only where passphrases names its passphrase. filesystem: a clone of the copy is attached on this Mac, read-only and unmounted, and Apple's fsck_hfs or fsck_apfs checks its file systems whole; on Linux it is treated as volume, with a warning.",
          enum: ['structure', 'compare', 'volume', 'filesystem'],
          default: 'compare',
          examples: ['structure'],
        },
        minutes: {
          description: 'Minutes that comparing may take in one run; what is left is compared in the next ones.',
          type: 'number',
          minimum: 0,
          maximum: 1440,
          default: 60,
          examples: [120],
        },
        copyGigabytes: {
          description:
            'Where the backup disk cannot clone files (HFS+ cannot), a copy of up to this many gigabytes is copied once more for the level filesystem, and removed after it; a larger one is not checked. 0: never copied.',
          type: 'number',
          minimum: 0,
          maximum: 1000000,
          default: 16,
          examples: [100],
        },
      },
    },
    limits: {
      title: 'LimitsConfig',
      description: 'How long things may take.',
      type: 'object',
      additionalProperties: false,
      properties: {
        commandSeconds: {
          description: 'Seconds until a program we called is ended.',
          type: 'number',
          minimum: 1,
          maximum: 86400,
          default: 60,
          examples: [120],
        },
        clientMinutes: {
          description: 'Minutes until a call of a client over ssh is given up.',
          type: 'number',
          minimum: 0.1,
          maximum: 10080,
          default: 60,
          examples: [180],
        },
        hookMinutes: {
          description:
            'Minutes until a hook gives up. The installed hooks have a limit of their own made from it: install again after a change.',
          type: 'number',
          minimum: 1,
          maximum: 10080,
          default: 240,
          examples: [600],
        },
        waitMinutes: {
          description:
            'Minutes that all waiting of one run may take together, fewer than hookMinutes. 0: nothing is waited for.',
          type: 'number',
          minimum: 0,
          maximum: 1440,
          default: 60,
          examples: [90],
        },
        quietSeconds: {
          description: 'Seconds between two looks at an image, to see whether it is being written.',
          type: 'number',
          minimum: 0,
          maximum: 3600,
          default: 2,
          examples: [10],
        },
        keyRounds: {
          description:
            'Rounds of PBKDF2 that trying a passphrase on one image may take, about a million a second. An image that asks for more is not unlocked.',
          type: 'integer',
          minimum: 1000,
          maximum: 1000000000,
          default: 10000000,
          examples: [20000000],
        },
      },
    },
    tools: {
      title: 'ToolsConfig',
      description:
        'The programs of this machine that are called. Absolute paths; a program that others may write is refused by the hooks, the daemon, tonight, verify, inspect and export.',
      type: 'object',
      additionalProperties: false,
      properties: {
        hdiutil: {
          description: 'Tells which images are attached (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/hdiutil',
          examples: ['/usr/bin/hdiutil'],
        },
        fsckHfs: {
          description: 'Checks an HFS file system, for the level filesystem (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/sbin/fsck_hfs',
          examples: ['/sbin/fsck_hfs'],
        },
        fsckApfs: {
          description: 'Checks an APFS container, for the level filesystem (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/sbin/fsck_apfs',
          examples: ['/sbin/fsck_apfs'],
        },
        lsof: {
          description: 'Tells which processes hold a file open (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/usr/sbin/lsof',
          examples: ['/usr/sbin/lsof'],
        },
        who: {
          description: 'Tells who is logged in.',
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/who',
          examples: ['/usr/bin/who'],
        },
        scutil: {
          description: 'Tells who is logged in on the screen (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/usr/sbin/scutil',
          examples: ['/usr/sbin/scutil'],
        },
        caffeinate: {
          description: 'Keeps the machine from falling asleep during a backup (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/caffeinate',
          examples: ['/usr/bin/caffeinate'],
        },
        dscl: {
          description: 'Tells which accounts have a FileVault home (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/dscl',
          examples: ['/usr/bin/dscl'],
        },
        stat: {
          description: 'Tells the owner of the screen (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/stat',
          examples: ['/usr/bin/stat'],
        },
        mount: {
          description: 'Tells what is mounted where (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/sbin/mount',
          examples: ['/sbin/mount'],
        },
        ps: {
          description: 'Tells when a process started (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/bin/ps',
          examples: ['/bin/ps'],
        },
        rsync: {
          description: "Asked what LBackup's excludes leave out; should be the rsync LBackup runs.",
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/rsync',
          examples: ['/usr/local/bin/rsync'],
        },
        btrfs: {
          description: 'Takes snapshots for the staging folder (Linux, btrfs).',
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/btrfs',
          examples: ['/usr/bin/btrfs'],
        },
        bind: {
          description: 'The mount(8) that shows plain folders in the staging folder (Linux).',
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/mount',
          examples: ['/usr/bin/mount'],
        },
        umount: {
          description: 'Ends what was shown so (Linux).',
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/umount',
          examples: ['/usr/bin/umount'],
        },
        tmutil: {
          description: 'Takes snapshots for the staging folder, and keeps it out of Time Machine (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/tmutil',
          examples: ['/usr/bin/tmutil'],
        },
        mountApfs: {
          description: 'Mounts such a snapshot (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/sbin/mount_apfs',
          examples: ['/sbin/mount_apfs'],
        },
        diskutil: {
          description: 'Ends what was mounted so (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/usr/sbin/diskutil',
          examples: ['/usr/sbin/diskutil'],
        },
        ssh: {
          description: 'Asks whether the source on another machine is there (useSSH=YES).',
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/ssh',
          examples: ['/usr/bin/ssh'],
        },
        systemctl: {
          description: 'Starts and stops the daemon, with daemon install --enable (Linux).',
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/systemctl',
          examples: ['/bin/systemctl'],
        },
        launchctl: {
          description: 'Starts and stops the daemon, with daemon install --enable (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/bin/launchctl',
          examples: ['/bin/launchctl'],
        },
        security: {
          description: 'Reads a passphrase from the keychain (macOS).',
          type: 'string',
          pattern: '^/',
          default: '/usr/bin/security',
          examples: ['/usr/bin/security'],
        },
      },
    },
    report: {
      title: 'ReportConfig',
      description: 'How the outcome reaches people. LBackup itself mails only when it fails.',
      type: 'object',
      additionalProperties: false,
      properties: {
        command: {
          description:
            'A program with its arguments that gets the report as JSON on its standard input. No shell: each argument is an entry of its own. Empty: none. A hook that ends before it has a report (settings that cannot be used, a lock that is held, a crash) has nothing to hand on and only writes a line into the log.',
          type: 'array',
          maxItems: 256,
          items: { type: 'string' },
          default: [],
          examples: [['/usr/local/bin/notify', '--subject', 'backup of the homes']],
        },
        on: {
          description: 'When it is called. problem: after warnings and errors. always: after every hook.',
          enum: ['problem', 'always'],
          default: 'problem',
          examples: ['always'],
        },
        commandSeconds: {
          description: 'Seconds until the program is ended.',
          type: 'number',
          minimum: 1,
          maximum: 3600,
          default: 30,
          examples: [60],
        },
        noRunHours: {
          description: 'Hours without a run until status --alarm raises the alarm.',
          type: 'number',
          minimum: 1,
          maximum: 8760,
          default: 30,
          examples: [170],
        },
      },
    },
    tellUser: {
      title: 'TellUserConfig',
      description: 'How a user hears that the backup waits for his image.',
      type: 'object',
      additionalProperties: false,
      properties: {
        command: {
          description:
            'A program with its arguments, called once for each image when a run begins to wait for it, on the machine that runs LBackup. In an argument {user} stands for whose image it is, {image} for where it lies, {until} for the local time, as 02:30, until which it is waited for at most. No shell: each argument is an entry of its own and stays one, whatever a name holds. Users choose names, so never put one into the text of a script, as after -c or -e. Empty: nobody is told.',
          type: 'array',
          maxItems: 256,
          items: { type: 'string' },
          default: [],
          examples: [['/usr/local/bin/tell-user', '{user}', '{image} waits to be backed up until {until}']],
        },
        commandSeconds: {
          description:
            'Seconds until the program is ended. What becomes of it changes nothing of the wait; the run says when it failed.',
          type: 'number',
          minimum: 1,
          maximum: 3600,
          default: 30,
          examples: [10],
        },
      },
    },
    keep: {
      title: 'KeepConfig',
      description:
        'How old the newest good copy of an image may become, and how often in a row an image may not be backed up.',
      type: 'object',
      additionalProperties: false,
      properties: {
        warnAfterDays: {
          description: 'Days since the newest good copy after which each run that makes a section warns.',
          type: 'number',
          minimum: 0,
          maximum: 3650,
          default: 3,
          examples: [7],
        },
        errorAfterDays: {
          description: 'Days since the newest good copy after which each run that makes a section ends with an error.',
          type: 'number',
          minimum: 0,
          maximum: 3650,
          default: 14,
          examples: [30],
        },
        warnAfterRuns: {
          description: 'Runs in a row that did not back an image up after which each run warns. 0: never.',
          type: 'integer',
          minimum: 0,
          maximum: 1000,
          default: 3,
          examples: [7],
        },
      },
    },
    watch: {
      title: 'WatchConfig',
      description: 'Whether images are watched while rsync runs.',
      type: 'object',
      additionalProperties: false,
      properties: {
        mode: {
          description:
            'note: what happens to an image while rsync runs is noted, told and counts in its verdict. pause: besides, rsync stands still while an image that it is copying is in use, for maxPauseMinutes at most. stop: besides, rsync is ended when an image that it is copying comes into use; LBackup then fails and keeps its sections. off: images are looked at before and after the copy alone. Of the rsync that pulls from a client, its end on this machine is what stands still or is ended.',
          enum: ['note', 'pause', 'stop', 'off'],
          default: 'note',
          examples: ['pause'],
        },
        maxPauseMinutes: {
          description: 'Minutes that rsync may stand still in one run, with mode pause; over ssh never more than 10.',
          type: 'number',
          minimum: 0,
          maximum: 1440,
          default: 30,
          examples: [60],
        },
        interval: {
          description:
            'Seconds between two looks, while rsync runs and while images of this machine are waited for before.',
          type: 'number',
          minimum: 0.1,
          maximum: 60,
          default: 2,
          examples: [10],
        },
        clientInterval: {
          description: 'Seconds between two looks at the images of a client, which starts some 35 programs for each.',
          type: 'integer',
          minimum: 1,
          maximum: 60,
          default: 5,
          examples: [15],
        },
      },
    },
    daemon: {
      title: 'DaemonConfig',
      description: 'The daemon that follows images between backups, and its timer.',
      type: 'object',
      additionalProperties: false,
      properties: {
        interval: {
          description: 'Seconds between two looks.',
          type: 'number',
          minimum: 0.1,
          maximum: 10,
          default: 5,
          examples: [2],
        },
        searchMinutes: {
          description:
            'Minutes between two searches for images that nobody knew; one that takes long comes less often. A home that is new, gone or renamed is seen at once.',
          type: 'number',
          minimum: 1,
          maximum: 1440,
          default: 15,
          examples: [60],
        },
        alarmMinutes: {
          description: 'Minutes between two calls of status --alarm by the timer that daemon install makes.',
          type: 'integer',
          minimum: 5,
          maximum: 1440,
          default: 60,
          examples: [15],
        },
      },
    },
  },
} as const
