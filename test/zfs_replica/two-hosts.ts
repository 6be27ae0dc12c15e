/** Two FreeBSD hosts in memory and the line between them: what goes over ssh is asked of the other's forced command. */
import { expect } from 'vitest'
import type { Host } from '../../modules/core/host.ts'
import { readOptions } from '../../modules/core/options.ts'
import { type Command, run } from '../../modules/core/step.ts'
import type { Transfer } from '../../modules/core/streams.ts'
import { SETTINGS_FILE } from '../../modules/rules/replica/names.ts'
import { SETTINGS } from '../../modules/rules/replica/options.ts'
import { writeSettings } from '../../modules/rules/replica/settings.ts'
import type { ReplicaReport } from '../../programs/replicate/report.ts'
import { type Grant, served } from '../../programs/replicate/serve.ts'
import { type FakeHost, fakeFreeBSD } from '../support/fake-freebsd.ts'
import { runReplicate } from '../support/replica-host.ts'

export interface TwoHosts {
  readonly here: FakeHost
  readonly there: FakeHost
  /** Command lines that went over ssh, without ssh's own words. */
  readonly sent: string[]
  /** Each coming stream is cut after this part of it, while there are any. */
  readonly cuts: number[]
  now: Date
  /** Runs the program on `here`. */
  run(...args: string[]): Promise<{ exit: number; replicas: ReplicaReport[]; said: string[] }>
}

export const DATASETS = {
  'zroot/hosting/instances': {},
  'zroot/hosting/instances/web1': { 'bluejail:instance': 'web1' },
  'zroot/hosting/instances/web1/etc': { mountpoint: 'legacy', 'bluejail:part': 'etc' },
  'zroot/hosting/instances/web1/tmp': { mountpoint: 'legacy' },
}

const POOLS = { zroot: {}, backup: {} }

/** A replica of `DATASETS`, pushed. */
export const PUSH = {
  name: 'off',
  dataset: 'zroot/hosting/instances',
  target: 'backup/here/instances',
  to: 'there',
  exclude: ['*/tmp'],
}

export function twoHosts(
  replicas: readonly object[] = [PUSH],
  {
    grant = { dataset: 'backup/here', role: 'target' } as Grant,
    datasets = DATASETS as Record<string, Record<string, string>>,
    others = { 'backup/here': { mountpoint: 'none', canmount: 'off' } } as Record<string, Record<string, string>>,
  } = {},
): TwoHosts {
  const read = readOptions(SETTINGS, { replicas })
  if ('problems' in read) throw new Error(read.problems.join('; '))
  const hosts: TwoHosts = {
    here: fakeFreeBSD({ pools: POOLS, datasets, files: { [SETTINGS_FILE]: writeSettings(read.values) } }),
    there: fakeFreeBSD({ pools: POOLS, datasets: others }),
    sent: [],
    cuts: [],
    now: new Date('2026-11-22T12:00:00Z'),
    run: (...args) => runProgram(hosts, grant, args),
  }
  return hosts
}

async function runProgram(hosts: TwoHosts, grant: Grant, args: readonly string[]) {
  const { here, there, sent, cuts } = hosts
  const located = async (command: Command): Promise<[FakeHost, Command]> => {
    if (command[0] !== 'ssh') return [here, command]
    const line = command.at(-1) ?? ''
    sent.push(line)
    return [there, await served(line, grant, there)]
  }
  const transfer: Transfer = async (from, to) => {
    const [source, sending] = await located(from)
    const [target, receiving] = await located(to)
    const { stdout } = await source.query(sending)
    const part = cuts.shift()
    const input = part === undefined ? stdout : stdout.slice(0, Math.ceil(stdout.length * part))
    await target.perform({ ...run(...receiving), input })
  }
  const host: Host = {
    ...here,
    query: async (command, options) => {
      const [host, words] = await located(command)
      return host.query(words, options)
    },
    perform: async step => {
      if (step.kind !== 'run') return here.perform(step)
      const [host, command] = await located(step.command)
      return host.perform({ ...step, command })
    },
  }
  const { exit, said, complaints } = await runReplicate(host, transfer, () => hosts.now, args)
  const json = said.find(line => line.startsWith('{'))
  return { exit, said: [...said, ...complaints], replicas: json === undefined ? [] : JSON.parse(json).replicas }
}

/** Snapshots and what they are of, on one side, without the names of datasets above. */
export const snapshotsAt = (host: FakeHost, root: string) =>
  host
    .outside('zfs', 'list', '-H', '-r', '-t', 'snapshot', '-o', 'name', root)
    .stdout.split('\n')
    .filter(line => line !== '')
    .map(line => line.slice(root.length))
    .sort()

export const get = (host: FakeHost, property: string, dataset: string) =>
  host.outside('zfs', 'get', '-Hp', '-o', 'value', property, dataset).stdout.trim()

export const SOURCE = 'zroot/hosting/instances'
export const COPY = 'backup/here/instances'

export const snap = ({ here }: TwoHosts, name: string) =>
  expect(here.outside('zfs', 'snapshot', '-r', `${SOURCE}@${name}`).exit).toBe(0)
export const copied = ({ there }: TwoHosts) => snapshotsAt(there, COPY)
export const all = (...names: string[]) =>
  ['', '/web1', '/web1/etc'].flatMap(path => names.map(name => `${path}@${name}`)).sort()
export const states = (replica: { datasets: readonly { dataset: string; state: string }[] } | undefined) =>
  (replica?.datasets ?? []).map(({ dataset, state }) => `${dataset.slice(SOURCE.length)} ${state}`)
