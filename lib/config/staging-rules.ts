import { pathText } from './location.js'
import { error, warning, type Rule } from './rule-type.js'

/** The rules of the staging folder, by name. */
export const stagingRules = {
  stagingNeedsRoots: ({ source: { mode }, search: { roots } }) =>
    mode === 'staging' && roots.length === 0
      ? [
          error(
            ['search', 'roots'],
            'with "source": { "mode": "staging" } LBackup\'s backupSource is the staging folder; name here the folders in which the images lie.',
          ),
        ]
      : [],

  stagingHalts: ({ source: { mode }, onCrash }) =>
    mode === 'staging' && onCrash === 'continue'
      ? [error(['onCrash'], 'without our pre hook the staging folder is empty, and LBackup would call that a success.')]
      : [],

  stagingHoldsNoContents: (config) =>
    config.source.mode !== 'staging'
      ? []
      : config.policies.flatMap(({ when }, index) =>
          when === 'attached'
            ? [
                error(
                  ['policies', index, 'when'],
                  'the staging folder holds images, not what is in them: use "detached".',
                ),
              ]
            : [],
        ),

  stagingSettingsNeedStaging: ({ source: { mode } }, isSet) =>
    (['folders', 'hardLinks', 'reservePercent'] as const)
      .filter((key) => mode !== 'staging' && isSet(['source', key]))
      .map((key) => warning(['source', key], 'it changes nothing without "mode": "staging".')),

  hardLinksNeedLinux: ({ source: { hardLinks }, platform }) =>
    hardLinks && platform === 'macos'
      ? [error(['source', 'hardLinks'], 'newest macOS opens no image whose files have a second name.')]
      : [],

  stagedFoldersHaveNames: ({ source: { folders } }) => {
    const names = folders.map(
      (folder) =>
        folder
          .split('/')
          .filter((name) => name !== '')
          .at(-1) ?? '',
    )
    return names.flatMap((name, index) => {
      const place = ['source', 'folders', index]
      if (name === '' || name === '.new')
        return [error(place, 'it has no name that it could have in the staging folder.')]
      if (/-[0-9a-f]{20}$/u.test(name)) return [error(place, 'its name is that of a slot of an image.')]
      const first = names.indexOf(name)
      if (first === index) return []
      return [
        error(place, `it has the same name as ${pathText(['source', 'folders', first])}; only one can stand there.`),
      ]
    })
  },
} as const satisfies Readonly<Record<string, Rule>>
