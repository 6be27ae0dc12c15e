/** The end of a jail's console log, by tail(1): the file may be of any size, and what is in it is the customer's. */
import { stripVTControlCharacters } from 'node:util'
import type { Probe } from '../core/host.ts'

const MOST_BYTES = 4_000
const MOST_LINES = 10

/** Plain text of a few lines, whatever is in the file. */
export function lastLines(text: string): string[] {
  // What an escape sequence would do to an operator's terminal, it does not do.
  const plain = stripVTControlCharacters(text).replace(/[^\P{C}\n]/gu, ' ')
  const lines = plain.split('\n').map(line => line.trim().slice(0, 300))
  return lines.filter(line => line !== '').slice(-MOST_LINES)
}

export async function readConsole(machine: Probe, path: string): Promise<string[]> {
  const { stdout } = await machine.query(['tail', '-c', String(MOST_BYTES), path], { exits: [0, 1] })
  return lastLines(stdout)
}
