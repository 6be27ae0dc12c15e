/** Lines of the transcripts of a FreeBSD 14.2 host. */
import { readFileSync } from 'node:fs'

export interface Line {
  readonly cmd?: string
  readonly stdout: string
}

export const linesOf = (name: string): Line[] =>
  readFileSync(new URL(`../transcripts/freebsd-14.2/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

/** Every line of `stdout` that looks so, of all commands of a transcript. */
export const printed = (name: string, pattern: RegExp): string[] =>
  linesOf(name).flatMap(({ stdout }) => (stdout ?? '').split('\n').filter(line => pattern.test(line)))
