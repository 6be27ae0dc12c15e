/** The transcripts of a real host, and the table that says of each line what the sandbox host makes of it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../../transcripts')
const RELEASE = 'freebsd-14.2'

export interface Line {
  readonly file: string
  /** From 1. */
  readonly number: number
  readonly cmd: string
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * - replayed: run in the sandbox host, in order; exit status, stdout and stderr are those of the transcript, after
 *   normalizing.
 * - parsed only: our parsers are tested on it, and it cannot be run.
 * - not replayable: with the reason; `instead` is run to bring the host where the line left the real one.
 */
export interface Row {
  readonly line: number
  readonly is: 'replayed' | 'parsed only' | 'not replayable'
  readonly why?: string
  readonly instead?: string
  /** What is compared otherwise than word for word: lines may come in another order, numbers count as equal. */
  readonly apart?: readonly ('order' | 'numbers')[]
}

export interface Table {
  /** Programs whose imitation is finished: their lines count. Whoever finishes one adds it, and changes its rows. */
  readonly programs: readonly string[]
  readonly rows: Readonly<Record<string, readonly Row[]>>
}

export const files = (): string[] => readdirSync(join(FOLDER, RELEASE)).sort()

/** The commands of a transcript; its notes are left out, but counted. */
export function readTranscript(file: string): Line[] {
  const lines = readFileSync(join(FOLDER, RELEASE, file), 'utf8')
    .trim()
    .split('\n')
  return lines.flatMap((text, at) => {
    const { cmd, exit, stdout = '', stderr = '' } = JSON.parse(text)
    return cmd === undefined ? [] : [{ file, number: at + 1, cmd, exit, stdout, stderr }]
  })
}

export const readTable = (): Table => JSON.parse(readFileSync(join(FOLDER, 'replay.json'), 'utf8'))

/** Programs of a FreeBSD host in a command line, in the order they are first named. */
export function programsIn(cmd: string): string[] {
  const plain = cmd
    .replace(/'[^']*'/g, quoted => (/^'(for|jail|zfs) /.test(quoted) ? ` ; ${quoted.slice(1, -1)} ; ` : 'WORD'))
    .replace(/"[^"]*"/g, 'WORD')
  const words = plain.split(/\|\||&&|[;|&\n()]|\$\(|\b(?:do|then|else|time)\b/)
  const heads = words.map(
    word =>
      word
        .trim()
        .split(/\s+/)
        .find(part => !/^\w+=/.test(part)) ?? '',
  )
  return [...new Set(heads)].filter(head => /^[a-z][\w.+-]*$/.test(head) && !ORDINARY.has(head))
}

/** Of any Unix, or of the shell. */
const ORDINARY = new Set(
  'awk cat cd cp date dd do done echo else exit export false fi for grep head if in kill ls mkdir mv printf rm rmdir sed sh sleep sort sync tail test then time touch tr true wc ln chmod chown id wait find dd openssl'.split(
    ' ',
  ),
)
