/** One zfs_dataset task against Ansible's own `ping`, in turns, on the same host over the same connection. */

import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Core } from '../support/ansible.ts'
import { type Spread, spread, timeTasks } from './run.ts'

export interface PingComparison {
  readonly core: Core
  readonly pairs: number
  readonly ping: Spread
  readonly zfs_dataset: Spread
  /** Of the pairs' quotients, zfs_dataset by ping. */
  readonly ratio: Spread
  readonly goal: number
}

/** The first pairs open the connection and fill caches. */
const WARM_UP = 3

export async function compareWithPing(
  sandbox: Sandbox,
  core: Core,
  pairs: number,
  goal: number,
): Promise<PingComparison> {
  const tasks = Array.from({ length: pairs + WARM_UP }, () => [
    { name: 'ping', 'ansible.builtin.ping': {} },
    { name: 'zfs_dataset', 'bluejail.hosting.zfs_dataset': { name: 'zroot', properties: { compression: 'lz4' } } },
  ]).flat()
  const timed = await timeTasks(sandbox, `ansible-${core}`, tasks, {
    ansible_python_interpreter: '/usr/local/bin/python3',
  })
  const of = (task: string) =>
    timed
      .filter(row => row.task === task)
      .map(row => row.seconds)
      .slice(WARM_UP)
  const [ping, ours] = [of('ping'), of('zfs_dataset')]
  return {
    core,
    pairs,
    ping: spread(ping),
    zfs_dataset: spread(ours),
    ratio: spread(ours.map((seconds, index) => seconds / (ping[index] ?? 0))),
    goal,
  }
}
