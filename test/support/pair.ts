/** Two hosts with small instances, for tests of what becomes of those when one dies, or of their copies. */
import { expect } from 'vitest'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Ran } from './ansible.ts'
import { type SiteHosts, startSiteHosts } from './site-hosts.ts'

export const BLUEPRINT = '2026Q4-web'
export const TOP = 'zroot/hosting/instances'
export const ROOT = '/hosting/instances'

export const said = ({ stdout, stderr }: Ran) => stdout + stderr

/** Runs it there as root, and gives what it prints. */
export async function must(host: Sandbox, command: string, input?: string): Promise<string> {
  const { exit, stdout, stderr } = await host.run(command, input)
  if (exit !== 0) throw new Error(`${command}: ${exit}\n${stdout}${stderr}`)
  return stdout.trim()
}

export const page = (host: Sandbox, id: string) => must(host, `cat ${ROOT}/${id}/root/usr/local/www/page`)
export const write = (host: Sandbox, id: string, text: string) =>
  must(host, `echo ${text} > ${ROOT}/${id}/root/usr/local/www/page`)
export const jails = (host: Sandbox) => must(host, 'jls name | sort | xargs')

export interface Pair {
  readonly hosts: SiteHosts
  readonly north: Sandbox
  readonly south: Sandbox
  /** Which instances the inventory has where; those of the north are in 10.66.7.0/24, of the south in 10.66.8.0/24. */
  say(host: 'north' | 'south', ids: readonly string[], blueprint?: string): void
  /** A copy of an instance of the north in the south, as replicate leaves it. */
  copy(id: string): Promise<void>
}

/** `ids` are those of the north; the south has b1. */
export async function startPair(ids: readonly string[]): Promise<Pair> {
  const hosts = await startSiteHosts(['north', 'south'])
  const [north, south] = hosts.sandboxes as [Sandbox, Sandbox]
  const say: Pair['say'] = (host, own, blueprint = BLUEPRINT) => {
    const network = host === 'north' ? '10.66.7' : '10.66.8'
    hosts.say(host, {
      host_bridges: [{ name: 'bridge0', addresses: [`${network}.1/24`] }],
      blueprints: [{ name: BLUEPRINT, release: '14.2-RELEASE', packages: ['nginx'] }],
      instance_defaults: { blueprint, rc_conf: { nginx_enable: true } },
      instances: own.map((id, number) => ({
        id,
        addresses: [`${network}.${11 + number}/24`],
        databases: ['mysql'],
        health: {
          deadline: 20,
          commands: [['service', 'nginx', 'status']],
          tcp: [{ port: 22, address: `${network}.1` }],
        },
      })),
    })
  }
  say('north', ids)
  say('south', ['b1'])
  const made = await hosts.playbook('site')
  expect(made.exit, said(made)).toBe(0)
  return {
    ...{ hosts, north, south, say },
    async copy(id) {
      const copies = 'zroot/copies/north/instances'
      await must(north, `zfs destroy -r ${TOP}/${id}@copied || true; zfs snapshot -r ${TOP}/${id}@copied`)
      await must(south, `zfs create -p -o mountpoint=none ${copies}; zfs destroy -r ${copies}/${id} || true`)
      const { stdout: stream } = await north.run(`zfs send -Rw ${TOP}/${id}@copied`)
      await must(south, `zfs receive -u -x mountpoint -o canmount=noauto -o readonly=on ${copies}/${id}`, stream)
    },
  }
}
