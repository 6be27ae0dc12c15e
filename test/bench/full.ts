/** site.yml with nothing to change, for a host with one instance and for one that is full of them, in turns. */
import { ansible } from '../support/ansible.ts'
import { type FullHosts, MANY, startFullHosts } from '../support/full-hosts.ts'
import { type Spread, spread } from './run.ts'

export interface FullComparison {
  readonly instances: number
  readonly turns: number
  readonly one_seconds: Spread
  readonly many_seconds: Spread
  /** Of the turns' quotients, many by one. */
  readonly ratio: Spread
}

export const FULL_GOAL = 1.5

export async function compareFull(turns: number): Promise<FullComparison> {
  const hosts = await startFullHosts()
  try {
    // The first run makes all, the second opens connections and fills caches.
    for (const host of ['one', 'many'] as const) for (const _ of ['make', 'warm up']) await site(hosts, host)
    const one: number[] = []
    const many: number[] = []
    for (let turn = 0; turn < turns; turn++) {
      one.push(await site(hosts, 'one'))
      many.push(await site(hosts, 'many'))
    }
    const ratio = spread(many.map((seconds, index) => seconds / (one[index] ?? 0)))
    return { instances: MANY, turns, one_seconds: spread(one), many_seconds: spread(many), ratio }
  } finally {
    await hosts.stop()
  }
}

async function site({ args }: FullHosts, host: 'one' | 'many'): Promise<number> {
  const began = performance.now()
  const { exit, stdout, stderr } = await ansible('ansible-playbook', [...args, '-l', host])
  if (exit !== 0) throw new Error(`site.yml for ${host}: ${stdout}${stderr}`)
  return (performance.now() - began) / 1000
}
