// Made from schemas/config.schema.json by npm run generate.

/**
 * filevault.json, beside LBackup's configuration file. Every setting may be left out; comments and trailing commas are allowed.
 */
export interface Config {
  readonly search: SearchConfig
  /**
   * What is done with an image, by whose it is and where it lies. The first policy that matches wins; the last one, without match, is for all the others. Without one the built-in default holds: an image in use is left out, and its newest good copy takes its place.
   *
   * @maxItems 1000
   */
  readonly policies: readonly PolicyConfig[]
  /**
   * Where the passphrases of encrypted images are, for the level volume, inspect, verify and export. The first entry that matches an image is taken; a passphrase given on the command line comes before all of them.
   *
   * @maxItems 1000
   */
  readonly passphrases: readonly PassphraseConfig[]
  readonly source: SourceConfig
  readonly verify: VerifyConfig
  /**
   * on: bands that are wrong in the new copy are copied again after the backup, while nothing uses the image. off: they are only reported.
   */
  readonly repair: 'on' | 'off'
  readonly keep: KeepConfig
  readonly watch: WatchConfig
  readonly daemon: DaemonConfig
  readonly tellUser: TellUserConfig
  readonly limits: LimitsConfig
  readonly tools: ToolsConfig
  /**
   * What kind of machine this is; auto asks the system.
   */
  readonly platform: 'auto' | 'macos' | 'linux'
  /**
   * Where the records of the runs are kept: a full path of a folder that only root may enter. Left out, it is /var/lib/lbackup-filevault/ID on Linux and /Library/Application Support/lbackup-filevault/ID on macOS, with an ID made from the path of LBackup's configuration file; not as root, XDG_STATE_HOME/lbackup-filevault/ID.
   */
  readonly stateFolder?: string
  /**
   * What LBackup does when the pre hook ends in a way nobody foresaw. halt: no backup tonight, and an error. continue: LBackup copies without protection, and a warning.
   */
  readonly onCrash: 'halt' | 'continue'
  /**
   * What is done with a source on another machine (useSSH=YES) where our program is not installed, so that its images cannot be looked at before the copy. continue: their copies are judged afterwards, by their structure. halt: no backup.
   */
  readonly remote: 'continue' | 'halt'
  readonly report: ReportConfig
}
/**
 * Where images are looked for. On a client over ssh only roots counts, paths on the client that its client.conf allows: there it is searched 64 folders deep, for as many entries as client.conf says, on one volume.
 */
export interface SearchConfig {
  /**
   * Folders that are searched in addition to LBackup's backupSource. Absolute paths; a byte that is no UTF-8 is written \\xHH.
   *
   * @maxItems 1000
   */
  readonly roots: readonly string[]
  /**
   * true: that no image at all is found is no reason for a warning.
   */
  readonly mayBeEmpty: boolean
  /**
   * true: every file is opened to see whether it is an image, whatever its name. Slow.
   */
  readonly everyFile: boolean
  /**
   * How many folders deep below a root is searched. What lies deeper is reported.
   */
  readonly maxDepth: number
  /**
   * How many files and folders are looked at before the search gives up and says so.
   */
  readonly maxEntries: number
  /**
   * true: other file systems mounted below a root are searched too.
   */
  readonly crossDevices: boolean
}
/**
 * What is done with the images it matches.
 */
export interface PolicyConfig {
  readonly match?: PolicyMatch
  /**
   * detached: the image is copied, and it should be detached then. attached: the mounted contents are backed up instead of the image, as clear text; needs allowClearText.
   */
  readonly when: 'detached' | 'attached'
  /**
   * What is done while something uses the image. leave-out: it is not copied, and its newest good copy takes its place. wait: for waitMinutes at most, then ifStillInUse. copy-and-prove: it is copied all the same, and its copy counts as suspect unless it is proven. halt: no backup at all tonight.
   */
  readonly ifInUse: 'leave-out' | 'wait' | 'copy-and-prove' | 'halt'
  /**
   * What is done where it cannot be found out whether something uses the image: copy-and-prove, leave-out or halt, as above.
   */
  readonly ifUnknown: 'copy-and-prove' | 'leave-out' | 'halt'
  /**
   * Minutes to wait for the image, with ifInUse wait. All waiting of a run together is bounded by limits.waitMinutes.
   */
  readonly waitMinutes: number
  /**
   * What is done when the waiting is over and the image is still in use: leave-out, copy-and-prove or halt, as above.
   */
  readonly ifStillInUse: 'leave-out' | 'copy-and-prove' | 'halt'
  /**
   * true: the clear text of an encrypted image may lie in the backup. Needed by when attached.
   */
  readonly allowClearText: boolean
}
/**
 * Which images the policy is for; with both, both must fit. Without match it is for all.
 */
export interface PolicyMatch {
  /**
   * Short name of the user whose image it is.
   */
  readonly user?: string
  /**
   * Absolute path of an image, or of a folder above it; * stands for any characters within one name, ** for any at all. A byte that is no UTF-8 is written \\xHH.
   */
  readonly path?: string
}
/**
 * Where the passphrase of the images it matches is. With neither file nor keychain, none is known for them.
 */
export interface PassphraseConfig {
  readonly match?: PolicyMatch
  /**
   * A file whose first line is the passphrase. It must belong to whoever runs this, with mode 0600. Absolute path.
   */
  readonly file?: string
  /**
   * Name of the service of a generic password in the keychain (macOS).
   */
  readonly keychain?: string
}
/**
 * How LBackup gets at the images.
 */
export interface SourceConfig {
  /**
   * in-place: LBackup copies the images from where they lie. staging: LBackup's backupSource is an empty folder of root's alone, where each image appears for the run, frozen and at a path that never changes; search.roots names the folders in which the images lie.
   */
  readonly mode: 'in-place' | 'staging'
  /**
   * Plain folders, as homes without FileVault, that are shown read-only beside the images, each under its own name (mode staging; Linux). What lies on other file systems below them is not shown. Absolute paths; a byte that is no UTF-8 is written \\xHH.
   *
   * @maxItems 1000
   */
  readonly folders: readonly string[]
  /**
   * true: an image at rest on a volume that can neither clone nor take snapshots is shown by hard links (mode staging). Its members have a second name during the run, which newest macOS refuses to open; so never on macOS and never on a folder that is exported to other machines.
   */
  readonly hardLinks: boolean
  /**
   * Percent of the staging folder's volume that must be free when images are frozen (mode staging): what users write meanwhile takes room beside it. With less the backup is halted.
   */
  readonly reservePercent: number
}
/**
 * How closely the copies are looked at.
 */
export interface VerifyConfig {
  /**
   * structure: every member that must be there is there, of the right size, time and kind. compare: every byte of the copy is also compared with the image, as far as it is not known from earlier nights. volume: the disk inside of the copy is checked too, its partition map and the heads of its file systems; of an encrypted image only where passphrases names its passphrase. filesystem: a clone of the copy is attached on this Mac, read-only and unmounted, and Apple's fsck_hfs or fsck_apfs checks its file systems whole; on Linux it is treated as volume, with a warning.
   */
  readonly level: 'structure' | 'compare' | 'volume' | 'filesystem'
  /**
   * Minutes that comparing may take in one run; what is left is compared in the next ones.
   */
  readonly minutes: number
  /**
   * Where the backup disk cannot clone files (HFS+ cannot), a copy of up to this many gigabytes is copied once more for the level filesystem, and removed after it; a larger one is not checked. 0: never copied.
   */
  readonly copyGigabytes: number
}
/**
 * How old the newest good copy of an image may become, and how often in a row an image may not be backed up.
 */
export interface KeepConfig {
  /**
   * Days since the newest good copy after which each run that makes a section warns.
   */
  readonly warnAfterDays: number
  /**
   * Days since the newest good copy after which each run that makes a section ends with an error.
   */
  readonly errorAfterDays: number
  /**
   * Runs in a row that did not back an image up after which each run warns. 0: never.
   */
  readonly warnAfterRuns: number
}
/**
 * Whether images are watched while rsync runs.
 */
export interface WatchConfig {
  /**
   * note: what happens to an image while rsync runs is noted, told and counts in its verdict. pause: besides, rsync stands still while an image that it is copying is in use, for maxPauseMinutes at most. stop: besides, rsync is ended when an image that it is copying comes into use; LBackup then fails and keeps its sections. off: images are looked at before and after the copy alone. Of the rsync that pulls from a client, its end on this machine is what stands still or is ended.
   */
  readonly mode: 'note' | 'pause' | 'stop' | 'off'
  /**
   * Minutes that rsync may stand still in one run, with mode pause; over ssh never more than 10.
   */
  readonly maxPauseMinutes: number
  /**
   * Seconds between two looks, while rsync runs and while images of this machine are waited for before.
   */
  readonly interval: number
  /**
   * Seconds between two looks at the images of a client, which starts some 35 programs for each.
   */
  readonly clientInterval: number
}
/**
 * The daemon that follows images between backups, and its timer.
 */
export interface DaemonConfig {
  /**
   * Seconds between two looks.
   */
  readonly interval: number
  /**
   * Minutes between two searches for images that nobody knew; one that takes long comes less often. A home that is new, gone or renamed is seen at once.
   */
  readonly searchMinutes: number
  /**
   * Minutes between two calls of status --alarm by the timer that daemon install makes.
   */
  readonly alarmMinutes: number
}
/**
 * How a user hears that the backup waits for his image.
 */
export interface TellUserConfig {
  /**
   * A program with its arguments, called once for each image when a run begins to wait for it, on the machine that runs LBackup. In an argument {user} stands for whose image it is, {image} for where it lies, {until} for the local time, as 02:30, until which it is waited for at most. No shell: each argument is an entry of its own and stays one, whatever a name holds. Users choose names, so never put one into the text of a script, as after -c or -e. Empty: nobody is told.
   *
   * @maxItems 256
   */
  readonly command: readonly string[]
  /**
   * Seconds until the program is ended. What becomes of it changes nothing of the wait; the run says when it failed.
   */
  readonly commandSeconds: number
}
/**
 * How long things may take.
 */
export interface LimitsConfig {
  /**
   * Seconds until a program we called is ended.
   */
  readonly commandSeconds: number
  /**
   * Minutes until a call of a client over ssh is given up.
   */
  readonly clientMinutes: number
  /**
   * Minutes until a hook gives up. The installed hooks have a limit of their own made from it: install again after a change.
   */
  readonly hookMinutes: number
  /**
   * Minutes that all waiting of one run may take together, fewer than hookMinutes. 0: nothing is waited for.
   */
  readonly waitMinutes: number
  /**
   * Seconds between two looks at an image, to see whether it is being written.
   */
  readonly quietSeconds: number
  /**
   * Rounds of PBKDF2 that trying a passphrase on one image may take, about a million a second. An image that asks for more is not unlocked.
   */
  readonly keyRounds: number
}
/**
 * The programs of this machine that are called. Absolute paths; a program that others may write is refused by the hooks, the daemon, tonight, verify, inspect and export.
 */
export interface ToolsConfig {
  /**
   * Tells which images are attached (macOS).
   */
  readonly hdiutil: string
  /**
   * Checks an HFS file system, for the level filesystem (macOS).
   */
  readonly fsckHfs: string
  /**
   * Checks an APFS container, for the level filesystem (macOS).
   */
  readonly fsckApfs: string
  /**
   * Tells which processes hold a file open (macOS).
   */
  readonly lsof: string
  /**
   * Tells who is logged in.
   */
  readonly who: string
  /**
   * Tells who is logged in on the screen (macOS).
   */
  readonly scutil: string
  /**
   * Keeps the machine from falling asleep during a backup (macOS).
   */
  readonly caffeinate: string
  /**
   * Tells which accounts have a FileVault home (macOS).
   */
  readonly dscl: string
  /**
   * Tells the owner of the screen (macOS).
   */
  readonly stat: string
  /**
   * Tells what is mounted where (macOS).
   */
  readonly mount: string
  /**
   * Tells when a process started (macOS).
   */
  readonly ps: string
  /**
   * Asked what LBackup's excludes leave out; should be the rsync LBackup runs.
   */
  readonly rsync: string
  /**
   * Takes snapshots for the staging folder (Linux, btrfs).
   */
  readonly btrfs: string
  /**
   * The mount(8) that shows plain folders in the staging folder (Linux).
   */
  readonly bind: string
  /**
   * Ends what was shown so (Linux).
   */
  readonly umount: string
  /**
   * Takes snapshots for the staging folder, and keeps it out of Time Machine (macOS).
   */
  readonly tmutil: string
  /**
   * Mounts such a snapshot (macOS).
   */
  readonly mountApfs: string
  /**
   * Ends what was mounted so (macOS).
   */
  readonly diskutil: string
  /**
   * Asks whether the source on another machine is there (useSSH=YES).
   */
  readonly ssh: string
  /**
   * Starts and stops the daemon, with daemon install --enable (Linux).
   */
  readonly systemctl: string
  /**
   * Starts and stops the daemon, with daemon install --enable (macOS).
   */
  readonly launchctl: string
  /**
   * Reads a passphrase from the keychain (macOS).
   */
  readonly security: string
}
/**
 * How the outcome reaches people. LBackup itself mails only when it fails.
 */
export interface ReportConfig {
  /**
   * A program with its arguments that gets the report as JSON on its standard input. No shell: each argument is an entry of its own. Empty: none. A hook that ends before it has a report (settings that cannot be used, a lock that is held, a crash) has nothing to hand on and only writes a line into the log.
   *
   * @maxItems 256
   */
  readonly command: readonly string[]
  /**
   * When it is called. problem: after warnings and errors. always: after every hook.
   */
  readonly on: 'problem' | 'always'
  /**
   * Seconds until the program is ended.
   */
  readonly commandSeconds: number
  /**
   * Hours without a run until status --alarm raises the alarm.
   */
  readonly noRunHours: number
}
