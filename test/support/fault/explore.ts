import { chmodSync, mkdirSync, writeFileSync, cpSync, symlinkSync, readFileSync, rmSync, mkdtempSync } from 'node:fs'
import { makeLab, runSession } from '../session/index.js'
import { protect } from '../protect.js'
import { writeSparseBundle, mebibyte } from '../image-writer/sparse-bundle.js'
;(globalThis as any).afterEach ??= () => undefined
const folder = process.argv[2]!
rmSync(folder, { recursive: true, force: true }); mkdirSync(folder)
const lab = makeLab({ excludes: '*.tmp\n' }, folder)
mkdirSync(lab.source + '/alice')
writeSparseBundle(lab.source + '/alice/Work.sparsebundle', { bands: [{ index: 0, length: 8192 }, { index: 2, length: 8192 }] })
const pkg = folder + '/package'
mkdirSync(pkg)
cpSync('/work/main/dist', pkg + '/dist', { recursive: true }); cpSync('/work/main/package.json', pkg + '/package.json'); symlinkSync('/work/main/node_modules', pkg + '/node_modules')
writeFileSync(folder + '/node', `#!/bin/sh\nexec strace -q -y -s 64 -o ${folder}/trace.$$ -e trace=${process.argv[3] ?? 'rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,openat,ftruncate,fsync,fdatasync,fchmod,fchown,write,pwrite64,chmod,chown'} /usr/bin/node "$@"\n`)
chmodSync(folder + '/node', 0o755)
protect(lab, {}, { node: folder + '/node', package: pkg })
for (let i = 0; i < 2; i++) { const t = Date.now(); const r = await runSession('ours', lab); console.log(r.exitCode, Date.now() - t, r.output.slice(0, 1500)) }
