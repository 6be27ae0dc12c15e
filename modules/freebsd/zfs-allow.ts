/** zfs-allow(8): what users may do with datasets. Transcript: freebsd-14.2/01-zfs.jsonl, its last line. */
import { CommandFailed } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'

/** What `user` was allowed on `dataset` itself, for it and all below; undefined where there is no such dataset. */
export async function readAllowed(
  machine: Pick<Probe, 'query'>,
  dataset: string,
  user: string,
): Promise<Set<string> | undefined> {
  const command: Command = ['zfs', 'allow', dataset]
  const answer = await machine.query(command, { exits: [0, 1] })
  if (answer.exit !== 0) {
    if (/dataset does not exist/.test(answer.stderr)) return undefined
    throw CommandFailed.exited(command, answer)
  }
  return parseAllowed(answer.stdout, dataset, user)
}

/** A block for each dataset from this one upwards; in it, who may do what, under a line that says for which. */
export function parseAllowed(stdout: string, dataset: string, user: string): Set<string> {
  const allowed = new Set<string>()
  let [isOurs, isBoth] = [false, false]
  for (const line of stdout.split('\n')) {
    const [, named] = /^---- Permissions on (.+?) -+$/.exec(line) ?? []
    if (named !== undefined) isOurs = named === dataset
    else if (/^\S.*:$/.test(line)) isBoth = line === 'Local+Descendent permissions:'
    else if (isOurs && isBoth && line.startsWith(`\tuser ${user} `))
      for (const one of line.slice(`\tuser ${user} `.length).split(',')) allowed.add(one)
  }
  return allowed
}

export const allowUser = (user: string, permissions: readonly string[], dataset: string): RunStep =>
  run('zfs', 'allow', '-u', user, permissions.join(','), dataset)

export const disallowUser = (user: string, permissions: readonly string[], dataset: string): RunStep =>
  run('zfs', 'unallow', '-u', user, permissions.join(','), dataset)
