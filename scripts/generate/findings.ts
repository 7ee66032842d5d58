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
    'Every code that `report.json`, `--json` and the command line can hold. A code never changes its meaning.',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...rows,
    '',
  ]
  return format(text.join('\n'), { parser: 'markdown', semi: false, singleQuote: true, printWidth: 120 })
}
