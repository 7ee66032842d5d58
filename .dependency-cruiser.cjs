// The arrows of the design: cli and hooks -> run -> domain folders -> image -> text, and lib/system as the only door out.
const pure = '^lib/(text|finding|image|volume|policy|manifest|verify|report)/'
const layers = {
  text: [],
  finding: ['text'],
  system: ['text', 'finding'],
  image: ['text', 'finding'],
  volume: ['text', 'finding', 'image'],
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-stays-pure',
      comment: 'Pure folders take data and give data; they may not reach the system.',
      severity: 'error',
      from: { path: pure },
      to: { path: '^lib/system/', pathNot: '^lib/system/[a-z-]+-type\\.ts$' },
    },
    {
      name: 'nothing-imports-up',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(cli/|index\\.ts)' },
      to: { path: '^(hooks|lib/cli/|lib/index\\.ts)' },
    },
    {
      name: 'only-above-imports-run',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(run/|cli/|doctor/|index\\.ts)' },
      to: { path: '^lib/run/' },
    },
    ...Object.entries(layers).map(([folder, below]) => ({
      name: `${folder}-is-low`,
      severity: 'error',
      from: { path: `^lib/${folder}/` },
      to: { path: '^lib/', pathNot: `^lib/(${[folder, ...below].join('|')})/` },
    })),
    {
      name: 'tests-stay-out',
      severity: 'error',
      from: { path: '^(lib|hooks)/' },
      to: { path: '^(test|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
