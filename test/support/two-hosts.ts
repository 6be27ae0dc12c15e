/** Two hosts with three instances each, made by site.yml, for playbooks that update them. */
import { expect } from 'vitest'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Ran, TaskRow } from './ansible.ts'
import { type SiteHosts, startSiteHosts } from './site-hosts.ts'

export const [BEFORE, NEXT] = ['2026Q4-web', '2027Q1-web']
export const WEB = { release: '14.2-RELEASE', packages: ['nginx'] }

export interface TwoHosts {
  readonly hosts: SiteHosts
  readonly north: Sandbox
  readonly south: Sandbox
  /** What the inventory says of all instances. `others`: more blueprints that it knows. */
  sayThatAllRunOn(blueprint: string, ...others: readonly string[]): void
  /** What each instance runs on, by its mount table. */
  running(): Promise<Record<string, string>>
}

export async function startTwoHosts(): Promise<TwoHosts> {
  const hosts = await startSiteHosts(['north', 'south'])
  const [north, south] = hosts.sandboxes as [Sandbox, Sandbox]
  const sayThatAllRunOn: TwoHosts['sayThatAllRunOn'] = (blueprint, ...others) => sayOf(hosts, blueprint, others)
  sayThatAllRunOn(BEFORE)
  const made = await hosts.playbook('site')
  expect(made.exit, made.stdout + made.stderr).toBe(0)
  return {
    hosts,
    north,
    south,
    sayThatAllRunOn,
    async running() {
      const told = await Promise.all([north, south].map(host => host.run('mount')))
      const roots = told.flatMap(({ stdout }) => [
        ...stdout.matchAll(/^\/hosting\/blueprints\/(\S+) on \/hosting\/instances\/(\w+)\/root /gm),
      ])
      return Object.fromEntries(roots.map(([, blueprint, id]) => [id, blueprint]).sort())
    },
  }
}

/** Of the customer Larsen is one on each host; a3's window is open, b3's opens in two hours. */
function sayOf(hosts: SiteHosts, blueprint: string, others: readonly string[]): void {
  const hour = (later: number) => new Date(Date.now() + later * 3_600_000).toISOString().slice(11, 16)
  const more: Record<string, object> = {
    a1: { customer: 'Larsen Boats', canary: true },
    b1: { customer: 'Larsen Boats' },
    a3: { maintenance: { from: hour(-1), to: hour(6) } },
    b3: { maintenance: { from: hour(2), to: hour(3) } },
  }
  for (const [host, letter, network] of [
    ['north', 'a', '10.66.7'],
    ['south', 'b', '10.66.8'],
  ] as const)
    hosts.say(host, {
      host_bridges: [{ name: 'bridge0', addresses: [`${network}.1/24`] }],
      blueprints: [
        { name: BEFORE, ...WEB },
        { name: NEXT, ...WEB, repository: hosts.site.nextRepository },
        ...others.map(name => ({ name, ...WEB })),
      ],
      instance_defaults: { blueprint, rc_conf: { nginx_enable: true } },
      instances: [1, 2, 3].map(number => ({
        ...{ id: `${letter}${number}`, addresses: [`${network}.${10 + number}/24`] },
        ...more[`${letter}${number}`],
      })),
    })
}

export const allOn = (blueprint: string) =>
  Object.fromEntries(['a1', 'a2', 'a3', 'b1', 'b2', 'b3'].map(id => [id, blueprint]))

export const rowsOf = ({ rows }: Ran, task: RegExp): readonly TaskRow[] =>
  rows.filter(row => task.test(row.task) && row.status !== 'skipped')

/** Who went in each turn, over all hosts. */
export const turnsOf = (ran: Ran): string[][] =>
  rowsOf(ran, /^Judge .* before wave/)
    .filter(({ status }) => status === 'ok')
    .map(({ result }) =>
      Object.values((result.state as { hosts: Record<string, { ids: string[] }> }).hosts).flatMap(({ ids }) => ids),
    )
