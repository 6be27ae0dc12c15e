/** A host whose instance has snapshots of several hours, and a copy of it. */
import { apply, converge } from '../../modules/core/converge.ts'
import instanceMounts from '../../modules/instance_mounts.ts'
import { createPool } from '../imitation/zpool.ts'
import type { FakeHost } from './fake-freebsd.ts'
import { BLUEPRINT, instanceHost, startJail } from './instance-host.ts'

export const TOP = 'zroot/hosting/instances/web1'
export const COPY = 'zroot/copies/hamburg1/instances/web1'
export const ROOT = '/hosting/instances/web1/root'

/** Changes what a dataset of a stopped instance holds. */
export function within(host: FakeHost, dataset: string, change: (at: string) => void): void {
  host.tree.mkdir('/mnt')
  const mounted = host.outside('mount', '-t', 'zfs', dataset, '/mnt')
  if (mounted.exit !== 0) throw new Error(mounted.stderr)
  try {
    change('/mnt')
  } finally {
    host.outside('umount', '/mnt')
  }
}

/** What the database of a stopped instance holds. */
export function rowsIn(host: FakeHost, dataset: string): string | undefined {
  let rows: string | undefined
  within(host, dataset, at => {
    rows = host.tree.read(`${at}/ibdata1`)
  })
  return rows
}

/** As if it had been taken at that time. */
export function snapshotAt(host: FakeHost, time: string, name: string, datasets: readonly string[]): void {
  const taken = host.outside('zfs', 'snapshot', ...datasets.map(dataset => `${dataset}@${name}`))
  if (taken.exit !== 0) throw new Error(taken.stderr)
  for (const dataset of datasets) {
    const snapshot = host.machine.dataset(dataset)?.snapshots.find(one => one.name === name)
    if (snapshot !== undefined) Object.assign(snapshot, { creation: Date.parse(time) / 1000 })
  }
}

const partsOf = (host: FakeHost) =>
  host
    .outside('zfs', 'list', '-H', '-o', 'name', '-r', TOP)
    .stdout.split('\n')
    .filter(name => name.startsWith(`${TOP}/`))

/** Snapshots of 13:00 and 15:00; between them, and since, things were changed. */
export async function restoreHost(): Promise<FakeHost> {
  const host = instanceHost({ parts: ['var-db-mysql'] })
  const options = { id: 'web1', blueprint: BLUEPRINT, additional_writable: ['var/db/mysql'] }
  await converge(instanceMounts, options, host, apply, { now: () => new Date(), holder: 'a test' })
  const parts = partsOf(host)
  host.outside('zfs', 'set', 'recordsize=16K', 'quota=20G', `${TOP}/var-db-mysql`)
  const say = (hour: string) => {
    within(host, `${TOP}/var-db-mysql`, at => host.tree.write(`${at}/ibdata1`, `rows of ${hour}\n`))
    within(host, `${TOP}/usr-local-www`, at => {
      host.tree.mkdir(`${at}/site/css`)
      host.tree.write(`${at}/site/index.html`, `page of ${hour}\n`)
      host.tree.write(`${at}/site/css/a.css`, `style of ${hour}\n`)
      host.tree.chown(`${at}/site`, 80, 80)
    })
    within(host, `${TOP}/etc`, at => host.tree.write(`${at}/rc.conf`, `hostname="web1 of ${hour}"\n`))
  }
  say('13')
  snapshotAt(host, '2026-11-20T13:00:00Z', 'auto-20261120T130000Z', parts)
  say('15')
  snapshotAt(host, '2026-11-20T15:00:00Z', 'auto-20261120T150000Z', parts)
  say('now')
  return host
}

/** The same without the instance, and with its copy, as zfs_replica leaves it. */
export async function copyHost(pool = 'zroot'): Promise<FakeHost> {
  const host = await restoreHost()
  const copy = COPY.replace('zroot', pool)
  if (pool !== 'zroot') createPool(host.machine, { name: pool })
  host.outside('zfs', 'create', '-p', '-o', 'mountpoint=none', copy)
  const parts = partsOf(host)
  for (const part of parts) await hand(host, `${part}@auto-20261120T150000Z`, `${copy}/${part.split('/').at(-1)}`)
  for (const dataset of [...parts, TOP]) {
    const gone = host.outside('zfs', 'destroy', '-r', dataset)
    if (gone.exit !== 0) throw new Error(gone.stderr)
  }
  return host
}

const RECEIVING = ['-s', '-u', '-x', 'mountpoint', '-o', 'quota=none', '-o', 'canmount=noauto', '-o', 'readonly=on']

async function hand(host: FakeHost, snapshot: string, target: string): Promise<void> {
  await host.perform({
    kind: 'pipe',
    from: ['zfs', 'send', '-Lecp', snapshot],
    to: ['zfs', 'receive', ...RECEIVING, target],
  })
}

/** What each example of instance_restore takes for granted. */
export async function hostForRestore(title: string): Promise<FakeHost> {
  if (title.includes('replica')) return forgetting(await copyHost())
  const host = await restoreHost()
  if (/[Ff]ile/.test(title)) startJail(host, 'web1')
  return forgetting(host)
}

/** What made the host ready is nobody's step. */
const forgetting = (host: FakeHost): FakeHost => {
  ;(host.performed as unknown[]).length = 0
  return host
}
