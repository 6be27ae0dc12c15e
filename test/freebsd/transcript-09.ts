/** What pkg said on a FreeBSD 14.2 host: transcript 09. Its lines ran in sh(1) with `echo rc=$?` after each command. */
import { readFileSync } from 'node:fs'
import type { Answer } from '../../modules/core/host.ts'

interface Line {
  readonly cmd?: string
  readonly stdout: string
  readonly stderr?: string
}

const lines: readonly Line[] = readFileSync(
  new URL('../transcripts/freebsd-14.2/09-pkg.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map(line => JSON.parse(line))

/** The one line whose command holds all of `words`; the exit status is that of its last command. */
export function pkgSaid(...words: string[]): Answer {
  const [line, ...more] = lines.filter(({ cmd }) => cmd !== undefined && words.every(word => cmd.includes(word)))
  if (line === undefined || more.length > 0) throw new Error(`${more.length + (line ? 1 : 0)} lines have ${words}`)
  const exit = Number([...line.stdout.matchAll(/^rc=(\d+)$/gm)].at(-1)?.[1] ?? 0)
  return { exit, stdout: line.stdout.replace(/^rc=\d+\n/gm, ''), stderr: line.stderr ?? '' }
}
