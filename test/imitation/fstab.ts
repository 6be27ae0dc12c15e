/** fstab(5), as getfsent(3) reads it (lib/libc/gen/fstab.c). */
export interface FstabEntry {
  readonly special: string
  readonly node: string
  readonly fstype: string
  readonly options: readonly string[]
}

/** Lines without `rw`, `ro` or `rq` among their options are of type `xx` and nobody mounts them. */
export function readFstab(text: string): FstabEntry[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split(/[ \t]+/).map(decode))
    .flatMap(([special, node, fstype, options]) => {
      if (special === undefined || node === undefined || fstype === undefined || options === undefined) return []
      const list = options.split(',')
      return ['rw', 'ro', 'rq'].some(type => list.includes(type)) ? [{ special, node, fstype, options: list }] : []
    })
}

/** strunvis(3): `\040` is a space (02-mounts.jsonl, "spaces in names"). */
const decode = (word: string) =>
  word.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
