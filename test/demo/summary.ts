/** What the demo's three runs amount to, in a few lines, and whether it is what it should be. */
import { isDeepStrictEqual } from 'node:util'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { exampleInstances } from '../support/example-inventory.ts'
import { essenceOf } from '../support/task-rows.ts'
import type { Run } from './site.ts'

interface Runs {
  readonly foretold: Run
  readonly done: Run
  readonly again: Run
  readonly sandboxes: readonly Sandbox[]
}

export async function summary({ foretold, done, again, sandboxes }: Runs): Promise<{ lines: string[]; good: boolean }> {
  const asForetold = isDeepStrictEqual(essenceOf(foretold.rows), essenceOf(done.rows))
  const settled = again.rows.every(({ result }) => result.changed !== true)
  const steps = done.rows.flatMap(({ result }) => result.steps ?? [])
  const wanted = Object.keys(exampleInstances()).sort()
  const hosts = await Promise.all(sandboxes.map(look))
  const running = hosts.flatMap(host => host.instances.map(({ id }) => id)).sort()
  const blueprints = new Set(hosts.flatMap(host => host.instances.map(({ blueprint }) => blueprint)))
  const areAllThere = isDeepStrictEqual(running, wanted)

  const lines = [
    `${sandboxes.length} hosts, ${blueprints.size} blueprints, ${running.length} instances: ${steps.length} steps, ${seconds(done)} from start to end`,
    ...hosts.flatMap(({ name, instances }) =>
      instances.map(
        ({ id, blueprint, address, runs }) =>
          `${name.padEnd(12)} ${id.padEnd(12)} ${blueprint}  ${address.padEnd(12)} ${runs}`,
      ),
    ),
    ...(areAllThere ? [] : [`these should run: ${wanted.join(', ')}`]),
    `check mode ${asForetold ? 'foretold every one of those steps' : 'foretold other steps than were done'}`,
    settled ? `the second run changed nothing, and took ${seconds(again)}` : 'the second run still changed something',
  ]
  return { lines, good: asForetold && settled && areAllThere }
}

interface Instance {
  readonly id: string
  readonly blueprint: string
  readonly address: string
  /** Its processes that serve something. */
  readonly runs: string
}

/** As an operator sees it: from jls(8), the mount table, and inside. */
async function look(host: Sandbox): Promise<{ name: string; instances: readonly Instance[] }> {
  const { stdout } = await host.run('jls name')
  const ids = stdout.split('\n').filter(Boolean).sort()
  return { name: host.name, instances: await Promise.all(ids.map(id => describe(host, id))) }
}

async function describe(host: Sandbox, id: string): Promise<Instance> {
  const fstab = (await host.run(`head -2 /hosting/instances/${id}/fstab`)).stdout
  const address = (await host.run(`ifconfig -j ${id} vnet0`)).stdout
  const started = (await host.run(`cat /var/log/jails/${id}.log`)).stdout
  return {
    id,
    blueprint: /^\/hosting\/blueprints\/(\S+)/m.exec(fstab)?.[1] ?? '',
    address: /inet (\S+)/.exec(address)?.[1] ?? '',
    runs: [...started.matchAll(/^Starting (\w+)\.$/gm)].map(([, service]) => service).join(', '),
  }
}

const seconds = ({ milliseconds }: Run) => `${(milliseconds / 1000).toFixed(1)} s`
