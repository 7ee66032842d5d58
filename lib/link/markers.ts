import type { RawPath } from '../text/raw-path.js'
import type { BlockOwner } from './excludes-type.js'

/**
 * Every comment line of ours in an excludes file starts with this and nobody else's does. `grep -F` for it tells whether
 * the file needs stripping at all.
 */
export const mark = '#[lbackup-filevault] '

/**
 * The lines of a block. Each rule follows a comment that repeats it, so that each line of ours is known by itself: a block
 * without its end, cut short or mixed with the administrator's lines takes none of them along.
 *
 *     #[lbackup-filevault] >>> run=ID lbackup=PID started=EPOCH
 *     #[lbackup-filevault] …words for the administrator…
 *     #[lbackup-filevault] = RULE
 *     RULE
 *     #[lbackup-filevault] <<< run=ID
 */
export function blockLines(owner: BlockOwner, rules: readonly RawPath[]): string[] {
  if (!/^[\w.-]+$/.test(owner.run)) throw new Error('a run id has letters, digits, dot, underscore and dash only')
  const start = `run=${owner.run} lbackup=${String(owner.lbackupPid)} started=${String(owner.lbackupStarted)}`
  return [
    `${mark}>>> ${start}`,
    `${mark}These lines tell rsync what tonight's backup takes of each disk image. They are made when a backup`,
    `${mark}starts and removed when it ends. Do not edit them; put your own lines below the last of them.`,
    ...rules.flatMap((rule) => [`${mark}= ${rule}`, rule]),
    `${mark}<<< run=${owner.run}`,
  ]
}

const start = /^>>> run=([\w.-]+) lbackup=(\d+) started=(\d+)$/

/** Given what follows `mark` in a line, return whose block begins there; undefined for any other line. */
export function ownerOf(text: string): BlockOwner | undefined {
  const found = start.exec(text)
  if (found === null) return undefined
  return { run: found[1] as string, lbackupPid: Number(found[2]), lbackupStarted: Number(found[3]) }
}

/**
 * The same stripping as `stripBlock` as an awk program without single quotes, for the POSIX launcher. awk cannot tell
 * whether the last line had an end, so an `X` is added to its input and taken off again. Without it the file could not be
 * read to its end: awk then exits with 1 and NEW must not be used.
 *
 *     { cat FILE && printf X; } | LC_ALL=C awk "$program" > NEW
 *
 * LC_ALL=C makes every awk work on bytes. Only gawk keeps NUL bytes: leave a file with NULs alone
 * (`LC_ALL=C tr -d '\000' < FILE | cmp -s - FILE`). `print` and not `printf`: mawk limits what printf builds.
 */
export const stripProgram = String.raw`
function piece(text, end) {
  if (substr(text, 1, size) == mark) {
    armed = substr(text, size + 1, 2) == "= "
    rule = substr(text, size + 3)
    return
  }
  if (armed && text == rule) { armed = 0; return }
  if (text != "" && substr(text, 1, 1) != "#" && substr(text, 1, 1) != ";") armed = 0
  print text end
}
function line(text, end,   n, i, part) {
  if (end == "\n" && substr(text, length(text)) == "\r") {
    text = substr(text, 1, length(text) - 1)
    end = "\r\n"
  }
  n = split(text, part, "\r")
  for (i = 1; i < n; i++) piece(part[i], "\r")
  piece(n > 0 ? part[n] : "", end)
}
BEGIN { ORS = ""; mark = "${mark}"; size = length(mark); armed = 0 }
NR > 1 { line(held, "\n") }
{ held = $0 }
END {
  if (substr(held, length(held)) != "X") exit 1
  line(substr(held, 1, length(held) - 1), "")
}
`
