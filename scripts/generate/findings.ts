import { findingCodes } from '../../lib/finding/codes.js'
import { format } from 'prettier'

/** docs/findings.md: every code that a report, a verb or a document can hold. */
export function findings(): Promise<string> {
  const rows = Object.entries(findingCodes).map(
    ([code, meaning]) => `| \`${code}\` | ${meaning.replaceAll('|', '\\|')} |`,
  )
  const text = [
    '# Findings',
    '',
    '<!-- Made from lib/finding/codes.ts by npm run generate. -->',
    '',
    'The codes of what is found in images, sections, settings and on machines, in `report.json`, in `--json` and on the command line. A code never changes its meaning. What keeps a hook or a verb from going on (a lock, a disk that is not there, settings that cannot be used) has a code as well, with its own sentence and cure beside it.',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...rows,
    '',
  ]
  return format(text.join('\n'), { parser: 'markdown', semi: false, singleQuote: true, printWidth: 120 })
}
