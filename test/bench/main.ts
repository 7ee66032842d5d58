import { benchClient } from './client.js'
import { benchDaemon } from './daemon.js'
import { benchDiscover } from './discover.js'
import { benchExport } from './export.js'
import { benchHash } from './hash.js'
import { benchInspect } from './inspect.js'
import { benchJudge } from './judge.js'
import { benchKeep } from './keep.js'
import { benchPreHook } from './pre-hook.js'
import { benchStaging } from './staging.js'
import { benchStructure } from './structure.js'
import { benchSeed } from './seed.js'
import { report } from './support.js'
import { benchVolume } from './volume.js'
import { benchWatch } from './watch.js'

// npm run bench [-- NAME…]: a table for people, then one JSON document; exit code 1 where a limit is missed.
const benches = {
  discover: benchDiscover,
  structure: benchStructure,
  'pre-hook': benchPreHook,
  hash: benchHash,
  judge: benchJudge,
  keep: benchKeep,
  seed: benchSeed,
  staging: benchStaging,
  client: benchClient,
  watch: benchWatch,
  daemon: benchDaemon,
  inspect: benchInspect,
  export: benchExport,
  volume: benchVolume,
}
const wanted = process.argv.slice(2)

const figures = []
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length === 0 || wanted.includes(name)) figures.push(...(await bench()))
}
process.exitCode = report(figures) ? 0 : 1
