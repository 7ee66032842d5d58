import type { CopyLabel } from '../generated/copy.js'

/** What was done to one copy of a section. */
export interface ReadmeEvent {
  readonly done: 'older-copy' | 'set-aside' | 'repaired' | 'unproven'
  readonly path: string
  /** When the data that lies there now was in the image. */
  readonly madeAt: string
  readonly verdict: CopyLabel['verdict']
  readonly because: string
}

/** Given what was done in a section, return the text that tells whoever looks into it; one of our files, in plain words. */
export function readmeText(events: readonly ReadmeEvent[], at: Date): string {
  return [
    'Some disk images in this backup are not what this night alone would have made of them.',
    `Written by lbackup-filevault at ${at.toISOString()}.`,
    '',
    ...events.flatMap((event) => [event.path, `  ${sentence(event)}`, '']),
    'Attach an image here only with "hdiutil attach -readonly": other sections share its data.',
    'To get an image back as a file of its own: lbackup-filevault restore',
    '',
  ].join('\n')
}

function sentence({ done, madeAt, verdict, because }: ReadmeEvent): string {
  const known = verdict === 'proven' ? 'its newest copy that was proven' : 'its best known copy, which was never proven'
  switch (done) {
    case 'older-copy':
      return `was not copied this night (${because}). What lies here is ${known}, of ${madeAt}.`
    case 'set-aside':
      return `was copied badly this night (${because}). What lies here is ${known}, of ${madeAt}; the bad copy was set aside.`
    case 'repaired':
      return `was copied badly this night (${because}). The wrong members were copied again, and every byte was compared.`
    case 'unproven':
      return `was copied badly this night (${because}), and no better copy is known. Do not rely on it.`
  }
}
