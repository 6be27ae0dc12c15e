/** ssh(1): a command on another host. There it is a line for a shell, so each word is quoted. */
import type { Probe, QueryOptions } from '../core/host.ts'
import { type Command, describeCommand } from '../core/step.ts'

export interface Login {
  readonly host: string
  readonly user: string
  readonly port?: number
  /** The file with the private key. */
  readonly key?: string
  /** The file with the other host's key. Default: ssh's own. */
  readonly knownHosts?: string
}

/** A host's name or address: nothing that ssh could take for an option or for another word. */
export const hostProblem = (host: string) =>
  /^[A-Za-z0-9]([A-Za-z0-9.:_-]{0,253}[A-Za-z0-9])?$/.test(host)
    ? undefined
    : 'letters, digits and . : _ - are possible, and it begins and ends with a letter or digit'

export const userProblem = (user: string) =>
  /^[A-Za-z_][A-Za-z0-9._-]{0,31}$/.test(user) ? undefined : 'it is no login name'

/**
 * It asks nothing, knows the other host's key beforehand, and gives up where nobody answers for a minute. Compression would
 * only slow down what is compressed already.
 */
export const overSsh = ({ host, user, port, key, knownHosts }: Login, command: Command): Command => [
  'ssh',
  '-T',
  '-o',
  'BatchMode=yes',
  '-o',
  'StrictHostKeyChecking=yes',
  '-o',
  'ConnectTimeout=15',
  '-o',
  'ServerAliveInterval=15',
  '-o',
  'ServerAliveCountMax=4',
  '-o',
  'Compression=no',
  ...(knownHosts === undefined ? [] : ['-o', `UserKnownHostsFile=${knownHosts}`]),
  ...(port === undefined ? [] : ['-p', String(port)]),
  ...(key === undefined ? [] : ['-o', 'IdentitiesOnly=yes', '-i', key]),
  `${user}@${host}`,
  describeCommand(command),
]

/** Asks there what `machine` would be asked here. Exit statuses are the command's, but for 255, which is ssh's own too. */
export const asking = (machine: Pick<Probe, 'query'>, login: Login | undefined): Pick<Probe, 'query'> =>
  login === undefined
    ? machine
    : { query: (command: Command, options?: QueryOptions) => machine.query(overSsh(login, command), options) }

/**
 * The words of a line that `describeCommand` wrote; undefined for any other line. Not a shell's reading: no variable, no
 * substitution and no second command has a meaning here, so none can be smuggled in.
 */
export function wordsOf(line: string): string[] | undefined {
  const words: string[] = []
  const part = /[\w@%+=:,./-]+|'[^']*'|\\'/y
  let word: string | undefined
  for (let at = 0; at < line.length; ) {
    if (line[at] === ' ') {
      if (word === undefined) return undefined
      words.push(word)
      word = undefined
      at++
      continue
    }
    part.lastIndex = at
    const found = part.exec(line)?.[0]
    if (found === undefined) return undefined
    word = (word ?? '') + (found.startsWith("'") ? found.slice(1, -1) : found === `\\'` ? "'" : found)
    at += found.length
  }
  return word === undefined ? undefined : [...words, word]
}

/** Over ssh all names go in one word, which some systems do not take longer than 128 KiB. */
const MOST_NAMES = 300
export const chunks = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / MOST_NAMES) }, (_, index) =>
    all.slice(index * MOST_NAMES, (index + 1) * MOST_NAMES),
  )
