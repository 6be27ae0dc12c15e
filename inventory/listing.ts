/** What Ansible reads of an inventory program: hosts, their variables, groups. */
import { createHash } from 'node:crypto'
import type { Fleet, Host, Instance } from './instances.ts'

export interface Group {
  readonly hosts?: readonly string[]
  readonly children?: readonly string[]
}

export interface Listing {
  readonly _meta: { readonly hostvars: Readonly<Record<string, Readonly<Record<string, unknown>>>> }
  readonly [group: string]: Group | Listing['_meta']
}

/** Every instance is in it. */
const ALL = 'instances'
const RUNNING = 'instances_running'

export const EMPTY: Listing = { _meta: { hostvars: {} } }

export function listingOf(fleet: Fleet): Listing {
  const names = namesOf(fleet)
  const hosts = new Map(fleet.hosts.map(host => [host.name, host]))
  const hostvars: Record<string, Readonly<Record<string, unknown>>> = {}
  for (const [instance, name] of names) hostvars[name] = variablesOf(instance, hosts.get(instance.host))

  const groups = new Map<string, string[]>()
  for (const [prefix, trait] of [
    ['host', ({ host }: Instance) => host],
    ['blueprint', ({ blueprint }: Instance) => blueprint],
    ['customer', ({ customer }: Instance) => customer?.toLowerCase()],
  ] as const) {
    const traits = new Set(fleet.instances.map(trait).filter(one => one !== undefined))
    for (const [one, group] of groupNames(prefix, traits))
      groups.set(
        group,
        [...names].filter(([instance]) => trait(instance) === one).map(([, name]) => name),
      )
  }
  const running = [...names].filter(([{ running }]) => running).map(([, name]) => name)
  const members = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, among]) => [group, { hosts: among }])
  return {
    _meta: { hostvars },
    [ALL]: { hosts: [...names.values()] },
    [RUNNING]: { hosts: running },
    ...Object.fromEntries(members),
  }
}

/** Its id; with the host's name where that alone would be another's too, or a host's or group's of the inventory. */
function namesOf({ instances, taken }: Fleet): Map<Instance, string> {
  const count = (id: string) => instances.filter(one => one.id === id).length
  const ambiguous = new Set(instances.map(({ id }) => id).filter(id => taken.has(id) || count(id) > 1))
  const sorted = [...instances].sort((a, b) => (`${a.id} ${a.host}` < `${b.id} ${b.host}` ? -1 : 1))
  return new Map(sorted.map(one => [one, ambiguous.has(one.id) ? `${one.id}.${one.host}` : one.id]))
}

/** Of its host it has only references, which Ansible resolves when it connects: no secret is kept here. */
function variablesOf({ id, host, blueprint, customer, running }: Instance, reached: Host | undefined) {
  const reference = (name: string) => `{{ hostvars[${JSON.stringify(host)}][${JSON.stringify(name)}] }}`
  const connection = reached?.connection ?? []
  const login = connection.find(name => /^ansible_(ssh_)?user$/.test(name))
  const kept = connection.filter(name => !/^ansible_(ssh_)?user$/.test(name))
  return {
    ansible_host: host,
    ...Object.fromEntries(kept.map(name => [name, reference(name)])),
    ansible_connection: 'bluejail.hosting.instance',
    ansible_instance_id: id,
    ...(login === undefined ? {} : { ansible_instance_login: reference(login) }),
    ansible_user: 'root',
    // Of the base system, and from root to anyone without a password; -m, since `www` and others have no shell.
    ansible_become_method: 'ansible.builtin.su',
    ansible_become_flags: '-m',
    instance_id: id,
    instance_host: host,
    ...(blueprint === undefined ? {} : { instance_blueprint: blueprint }),
    ...(customer === undefined ? {} : { instance_customer: asText(customer) }),
    ...(running === undefined ? {} : { instance_running: running }),
  }
}

/** Never a template, whatever a customer is called. */
const asText = (text: string) => (/\{[{%#]/.test(text) ? { __ansible_unsafe: text } : text)

/** `customer_larsen_boats_flensburg`. Two traits are never one group, however alike they are: then a digest tells them apart. */
export function groupNames(prefix: string, traits: Iterable<string>): Map<string, string> {
  const plain = new Map([...traits].map(trait => [trait, `${prefix}_${plainly(trait)}`]))
  const names = [...plain.values()]
  const isTwice = (name: string) => names.filter(one => one === name).length > 1
  return new Map([...plain].map(([trait, name]) => [trait, isTwice(name) ? `${name}_${digest(trait)}` : name]))
}

const plainly = (trait: string) =>
  trait
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')

const digest = (trait: string) => createHash('sha256').update(trait).digest('hex').slice(0, 6)
