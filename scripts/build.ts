import { chmodSync, rmSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { build } from 'esbuild'

// LBackup waits for the hooks each night, and Node needs longer to find two hundred small modules than the hook needs
// for its work: each hook becomes one file, whatever several of them hold twice. The library and the command line stay as
// tsc makes them.
rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
await build({
  entryPoints: [
    { in: 'hooks/pre-backup.ts', out: 'pre-backup' },
    { in: 'hooks/post-backup.ts', out: 'post-backup' },
    { in: 'hooks/watch.ts', out: 'watch' },
    { in: 'hooks/guard.ts', out: 'guard' },
    // What the hooks start threads with, found beside the file that starts them.
    { in: 'lib/system/worker-entry.ts', out: 'worker-entry' },
    { in: 'lib/prove/hash-tasks.ts', out: 'hash-tasks' },
    { in: 'lib/keep/check-tasks.ts', out: 'check-tasks' },
    { in: 'lib/staging/freeze-tasks.ts', out: 'freeze-tasks' },
  ],
  outdir: 'dist/hooks',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifyWhitespace: true,
  mainFields: ['module', 'main'],
  // Nothing outside of dist/hooks is run, so the launcher need not vouch for all of node_modules.
  plugins: [
    {
      name: 'plist lies beside, and is loaded on first use',
      setup(bundle) {
        bundle.onLoad({ filter: /lib\/image\/plist-package\.ts$/ }, () => ({
          contents: "export const loadPlist = () => require('./plist.cjs')",
          resolveDir: '.',
        }))
      },
    },
  ],
  external: ['./plist.cjs'],
  conditions: ['import'],
  banner: {
    js: "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);",
  },
  logLevel: 'warning',
})
// Large, and hardly any property list needs it.
await build({
  entryPoints: { plist: 'plist' },
  outdir: 'dist/hooks',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  minifyWhitespace: true,
  logLevel: 'warning',
})
chmodSync('dist/lib/cli/bin.js', 0o755)
