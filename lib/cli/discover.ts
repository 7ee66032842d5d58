import { parseArgs } from 'node:util'
import type { DiscoveryReport, FoundImage } from '../generated/discovery.js'
import { noteFindings } from '../run/search-findings.js'
import { realPath } from '../system/file.js'
import { count, duration, size } from '../text/measure.js'
import { printable } from '../text/printable.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { findingsText, severityCode, severityOf } from './findings.js'
import { encryptionWords, kindWords } from './image-words.js'
import { printDocument, withProgress } from './output.js'
import { searchFolders, type Searched } from './search.js'
import { absolute, usage } from './arguments.js'

export const summary = 'find the images below a folder'

export const help = `usage: lbackup-filevault discover FOLDER... [--json]

Finds the sparse bundles and sparse images below the folders and looks at the
structure of each. What counts is what they hold: of each folder, and of files
whose names end as those of disk images do. Links are never followed; hidden
folders and other volumes are searched too. What could not be searched is said.

  --json  print one JSON document (schemas/discovery.schema.json)

exit codes: 0 fine, 1 something could not be searched, or a warning about an
image, 2 a damaged image, 3 a folder is not there or may not be read, 64 usage
`

/** Given the arguments after `discover`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { json: { type: 'boolean' } } })
  if (positionals.length === 0) throw usage('discover', 'A folder is missing.')
  const roots = positionals.map((text) => realPath(absolute(text)) ?? absolute(text))
  const began = performance.now()
  const searched = await withProgress(context, 'looking for images', searchFolders(roots))
  const report = reportOf(searched, roots.map(printable), (performance.now() - began) / 1000)
  if (values.json === true) printDocument(context, report)
  else context.stdout(text(report))
  const unsearched = searched.discovery.notes.some(
    ({ code, path }) => code === 'root-missing' || (code === 'unreadable' && roots.includes(path)),
  )
  return unsearched && report.severity !== 'error' ? exitCode.unknown : severityCode(report.severity)
}

function reportOf({ discovery, looks }: Searched, roots: readonly string[], seconds: number): DiscoveryReport {
  const images = discovery.images.map((image, index): FoundImage => {
    const { path, container, encryption, recognised, ownerUid, identity } = image
    const { counts, findings } = looks[index] ?? { counts: { bytes: 0, members: 0 }, findings: [] }
    const { bytes, members } = counts
    return { path: printable(path), container, encryption, recognised, ownerUid, identity, bytes, members, findings }
  })
  const findings = noteFindings(discovery)
  return {
    schema: 'discovery/1',
    roots,
    severity: severityOf([...findings, ...images.flatMap((image) => image.findings)]),
    images,
    findings,
    counts: { ...discovery.counts, seconds: Math.round(seconds * 10) / 10 },
  }
}

function text({ images, findings, counts }: DiscoveryReport): string {
  const lines = images.flatMap(({ path, container, encryption, bytes, findings: found }) => [
    `${path}  (${kindWords(container)}, ${encryptionWords(encryption)}, ${size(bytes)})\n`,
    ...found
      .filter(({ severity }) => severity !== 'info')
      .map(({ severity, message }) => `  ${severity}: ${message}\n`),
  ])
  const looked = `${count(counts.entries, 'entry', 'entries')} in ${count(counts.folders, 'folder')} looked at`
  return `${lines.join('')}${findingsText(findings)}${count(images.length, 'image')} (${looked}, ${duration(counts.seconds)}).\n`
}
