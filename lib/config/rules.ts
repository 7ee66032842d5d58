import type { Config, PolicyConfig } from '../generated/config.js'
import { duration } from '../text/measure.js'
import type { Origin } from './defaults.js'
import { pathText, shown, type Location } from './location.js'
import { placeholders, unknownPlaceholder } from './placeholders.js'
import { error, warning, type Remark, type Rule } from './rule-type.js'
import { stagingRules } from './staging-rules.js'

/** Given a valid configuration with its defaults, return what the rules between settings say to it. */
export function remarks(config: Config, origins: ReadonlyMap<string, Origin>): readonly Remark[] {
  const isSet = (location: Location): boolean => origins.get(pathText(location)) === 'file'
  return Object.values(rules).flatMap((rule) => rule(config, isSet))
}

/** For each policy, the remarks of `judge`, which is handed the policy and where it stands. */
const eachPolicy = (config: Config, judge: (policy: PolicyConfig, place: Location) => readonly Remark[]) =>
  config.policies.flatMap((policy, index) => judge(policy, ['policies', index]))

/** Every rule, by name. */
export const rules = {
  attachedNeedsClearText: (config) =>
    eachPolicy(config, ({ when, allowClearText }, place) =>
      when === 'attached' && !allowClearText
        ? [
            error(
              [...place, 'when'],
              '"attached" backs up the mounted contents as clear text, even those of an encrypted image. If that is ' +
                'wanted, add "allowClearText": true to this policy.',
            ),
          ]
        : [],
    ),

  passphraseFromOnePlace: ({ passphrases }) =>
    passphrases.flatMap(({ file, keychain }, index) =>
      file !== undefined && keychain !== undefined
        ? [error(['passphrases', index], 'it may have one of "file" and "keychain", not both.')]
        : [],
    ),

  clearTextNeedsAttached: (config, isSet) =>
    eachPolicy(config, ({ when, allowClearText }, place) =>
      when === 'detached' && allowClearText && isSet([...place, 'allowClearText'])
        ? [warning([...place, 'allowClearText'], 'it changes nothing without "when": "attached".')]
        : [],
    ),

  everyPolicyIsReached: ({ policies }) => {
    const forAll = policies.findIndex(({ match }) => match === undefined)
    const seen = new Map<string, number>()
    return policies.flatMap((policy, index) => {
      const place = ['policies', index]
      if (forAll >= 0 && index > forAll) {
        const first = pathText(['policies', forAll])
        return [error(place, `it is never reached: ${first} has no "match" and is for every image. Put that one last.`)]
      }
      const match = JSON.stringify([policy.match?.user, policy.match?.path])
      const before = seen.get(match)
      seen.set(match, before ?? index)
      if (before === undefined) return []
      return [error(place, `it is never reached: ${pathText(['policies', before])} has the same "match".`)]
    })
  },

  waitNeedsTime: (config) =>
    eachPolicy(config, ({ ifInUse, waitMinutes }, place) => {
      if (ifInUse !== 'wait') return []
      const total = config.limits.waitMinutes
      if (total === 0) return [error(['limits', 'waitMinutes'], `0 forbids all waiting, but ${pathText(place)} waits.`)]
      if (waitMinutes === 0) {
        return [error([...place, 'ifInUse'], '"wait" needs "waitMinutes" above 0 in this policy.')]
      }
      if (waitMinutes <= total) return []
      const less = `all waiting of a run together ends after ${duration(total * 60)} (limits.waitMinutes).`
      return [warning([...place, 'waitMinutes'], `it will never be waited for that long: ${less}`)]
    }),

  waitSettingsNeedWait: (config, isSet) =>
    eachPolicy(config, ({ ifInUse, waitMinutes }, place) =>
      (['waitMinutes', 'ifStillInUse'] as const)
        .filter((key) => ifInUse !== 'wait' && isSet([...place, key]) && (key === 'ifStillInUse' || waitMinutes > 0))
        .map((key) => warning([...place, key], 'it changes nothing without "ifInUse": "wait".')),
    ),

  waitFitsIntoHook: ({ limits: { waitMinutes, hookMinutes } }) =>
    waitMinutes < hookMinutes
      ? []
      : [
          error(
            ['limits', 'waitMinutes'],
            `waiting may take ${duration(waitMinutes * 60)}, but a hook gives up after ${duration(hookMinutes * 60)} ` +
              '(limits.hookMinutes): it must be less.',
          ),
        ],

  verifyFitsIntoHook: ({ verify: { minutes }, limits: { hookMinutes } }, isSet) =>
    minutes < hookMinutes || !isSet(['verify', 'minutes'])
      ? []
      : [
          warning(
            ['verify', 'minutes'],
            `comparing ends earlier: a hook gives up after ${duration(hookMinutes * 60)} (limits.hookMinutes).`,
          ),
        ],

  warnBeforeError: ({ keep: { warnAfterDays, errorAfterDays } }) =>
    warnAfterDays <= errorAfterDays
      ? []
      : [warning(['keep', 'warnAfterDays'], 'it changes nothing: the error of keep.errorAfterDays comes first.')],

  repairNeedsComparing: ({ verify: { level }, repair }, isSet) =>
    level === 'structure' && repair === 'on' && isSet(['repair'])
      ? [warning(['repair'], 'it changes nothing without "verify": { "level": "compare" }.')]
      : [],

  fileSystemNeedsMac: ({ verify: { level }, platform }) =>
    level === 'filesystem' && platform === 'linux'
      ? [warning(['verify', 'level'], '"filesystem" needs a Mac; on Linux it is treated as "volume".')]
      : [],

  quietIsLongEnough: ({ limits: { quietSeconds } }) =>
    quietSeconds >= 2
      ? []
      : [
          warning(
            ['limits', 'quietSeconds'],
            'HFS+ counts whole seconds: looks less than 2 s apart can miss a change.',
          ),
        ],

  pathsArePlain: ({ search, policies, source, stateFolder = '' }) => {
    const places: (readonly [Location, string])[] = [
      [['stateFolder'], stateFolder],
      ...search.roots.map((root, index) => [['search', 'roots', index], root] as const),
      ...source.folders.map((folder, index) => [['source', 'folders', index], folder] as const),
      ...policies.map(({ match }, index) => [['policies', index, 'match', 'path'], match?.path ?? ''] as const),
    ]
    return places
      .filter(([, path]) => path.split('/').some((name, at, names) => isOdd(name, at, names.length)))
      .map(([location, path]) =>
        error(location, `${shown(path)} must be written without ".", ".." and double slashes.`),
      )
  },

  ...stagingRules,

  commandsAreAbsolute: (config) =>
    (['report', 'tellUser'] as const).flatMap((key) => {
      const [program] = config[key].command
      if (program === undefined || program.startsWith('/')) return []
      const message = `${shown(program)} must be the absolute path of a program; there is no shell.`
      return [error([key, 'command', 0], message)]
    }),

  placeholdersAreKnown: ({ tellUser: { command } }) =>
    command.flatMap((argument, index) => {
      const unknown = unknownPlaceholder(argument)
      if (unknown === undefined) return []
      const message = `${unknown} stays as it is; what is filled in is {${placeholders.join('}, {')}}.`
      return [warning(['tellUser', 'command', index], message)]
    }),

  namesAreNoScript: ({ tellUser: { command } }) =>
    command.flatMap((argument, index) => {
      const before = command[index - 1] ?? ''
      if (!['-c', '-e'].includes(before) || !/\{(user|image)\}/u.test(argument)) return []
      const message =
        `if ${before} takes a script, whoever names an image writes into it, and root runs that: ` +
        'hand names on as arguments of their own.'
      return [warning(['tellUser', 'command', index], message)]
    }),

  textsHoldNoZero: (config) => zeros(config, []),
} as const satisfies Readonly<Record<string, Rule>>

const isOdd = (name: string, at: number, length: number): boolean =>
  name === '.' || name === '..' || (name === '' && at > 0 && at < length - 1)

/** The system ends a path or an argument at a zero byte. */
function zeros(value: unknown, location: Location): readonly Remark[] {
  if (typeof value === 'string') {
    return value.includes('\0')
      ? [error(location, `${shown(value)} holds a zero byte, which no path or argument can.`)]
      : []
  }
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => zeros(item, [...location, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => zeros(item, [...location, key]))
}
