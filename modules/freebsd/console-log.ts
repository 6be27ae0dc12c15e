/**
 * A jail's console log. jail(8) opens it for each command in the jail and appends (usr.sbin/jail/command.c, run_command); a
 * daemon that such a command leaves keeps it open, and writes what it likes.
 */
import { basename, dirname } from 'node:path/posix'
import { stripVTControlCharacters } from 'node:util'
import type { Probe } from '../core/host.ts'

const MOST_BYTES = 4_000
const MOST_LINES = 10

const MOST_MEBIBYTES = 16

/**
 * For exec.prepare: a log that has grown beyond that is emptied before a start, when nobody has it open. Not renamed: where
 * the quota is full, a file can be emptied and opened, but no new one made. The path has no character that sh(1) minds.
 */
export const emptyLine = (path: string): string =>
  `find ${dirname(path)} -maxdepth 1 -name ${basename(path)} -size +${MOST_MEBIBYTES}M -exec truncate -s 0 {} + || true`

/** Plain text of a few lines, whatever is in the file. */
export function lastLines(text: string): string[] {
  // What an escape sequence would do to an operator's terminal, it does not do.
  const plain = stripVTControlCharacters(text).replace(/[^\P{C}\n]/gu, ' ')
  const lines = plain.split('\n').map(line => line.trim().slice(0, 300))
  return lines.filter(line => line !== '').slice(-MOST_LINES)
}

/** Its end, by tail(1): the file may be of any size. */
export async function readConsole(machine: Probe, path: string): Promise<string[]> {
  const { stdout } = await machine.query(['tail', '-c', String(MOST_BYTES), path], { exits: [0, 1] })
  return lastLines(stdout)
}
