/**
 * jexec(8): looking into a running jail, by programs that run in it. No link leads out of there, and what they say is the
 * customer's word (fact host-2). Not `-l`: it goes to root's home inside, which the customer can have removed.
 */
import { CommandFailed } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'
import { parseTar, type TarEntry } from './tar-read.ts'
import { inBatches } from './zfs.ts'

/** Configuration files, and a program of the customer's that reads them: no more is taken from it, and no more waited for it. */
const MOST_READ_BYTES = 64 << 20
const READ_SECONDS = 60

/** These paths, relative to the root, each alone; with `folders`, also what is directly in those. */
export async function readInside(
  machine: Probe,
  jail: string,
  paths: readonly string[],
  folders: readonly string[],
): Promise<Map<string, TarEntry>> {
  const found = new Map<string, TarEntry>()
  const start: Command = ['jexec', jail, 'tar', '-cf', '-']
  const alone = inBatches([...start, '--no-recursion', '-C', '/'], paths.map(inRoot))
  const open = inBatches([...start, ...folders.flatMap(excepting), '-C', '/'], folders.map(inRoot))
  for (const command of [...alone, ...open]) {
    // 1: something was not there.
    const { stdout } = await machine.query(command, {
      exits: [0, 1],
      encoding: 'latin1',
      mostBytes: MOST_READ_BYTES,
      timeoutSeconds: READ_SECONDS,
    })
    for (const entry of parseTar(Buffer.from(stdout, 'latin1'))) found.set(entry.path, entry)
  }
  return found
}

/** `./` before a name: it is no option and no archive (`@`). */
const inRoot = (path: string) => `./${path}`

/** What is in directories of it. */
const excepting = (path: string) => ['--exclude', `^./${path.replace(/[\\*?[\]$^]/g, '\\$&')}/?*/?*`]

/** Why a command inside did not succeed, or undefined where it did. */
export async function problemInside(
  machine: Pick<Probe, 'query'>,
  jail: string,
  words: readonly string[],
  timeoutSeconds: number,
): Promise<string | undefined> {
  try {
    await machine.query(['jexec', jail, ...words], { timeoutSeconds, isOnlyShown: true })
    return undefined
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    if (error.answer === undefined)
      return /did not end within/.test(error.message) ? `it did not end within ${timeoutSeconds} s` : error.message
    const { exit, stdout, stderr } = error.answer
    const [last] = [stderr, stdout].flatMap(text => text.trim().split('\n').slice(-1)).filter(line => line !== '')
    return `exit status ${exit}${last === undefined ? '' : `, ${last.slice(0, 300)}`}`
  }
}
