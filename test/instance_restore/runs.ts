/** Runs of instance_restore on a host in memory. */
import { apply, check, converge, type Report } from '../../modules/core/converge.ts'
import instanceRestore from '../../modules/instance_restore.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { ROOT, TOP } from '../support/restore-host.ts'

export const AS_OF = '2026-11-20 14:00'
const CIRCUMSTANCES = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }

export const restored = (host: FakeHost, options: object): Promise<Report> =>
  converge(instanceRestore, { id: 'web1', ...options }, host, apply, CIRCUMSTANCES)

export const foretold = (host: FakeHost, options: object): Promise<Report> =>
  converge(instanceRestore, { id: 'web1', ...options }, host, check, CIRCUMSTANCES)

export const propertiesOf = (host: FakeHost, dataset: string, properties: string): string[] =>
  host.outside('zfs', 'get', '-Hp', '-o', 'value', properties, dataset).stdout.trim().split('\n')

export const datasetsBelow = (host: FakeHost, root: string): string[] =>
  host
    .outside('zfs', 'list', '-H', '-o', 'name', '-r', root)
    .stdout.trim()
    .split('\n')
    .map(name => name.slice(root.length + 1))
    .filter(name => name !== '')

export const snapshotsOf = (host: FakeHost, dataset: string): string[] =>
  host
    .outside('zfs', 'list', '-H', '-o', 'name', '-t', 'snapshot', dataset)
    .stdout.trim()
    .split('\n')
    .filter(name => name !== '')
    .map(name => name.slice(dataset.length + 1))

/** All that the instance has. */
export const datasetsOf = (host: FakeHost): string[] => datasetsBelow(host, TOP).map(name => `${TOP}/${name}`)

/** As its fstab has it once another dataset is a part of the instance. */
export function mountToo(host: FakeHost, path: string): void {
  const fstab = '/hosting/instances/web1/fstab'
  const line = `${TOP}/${path.replaceAll('/', '-')} ${ROOT}/${path} zfs rw 0 0\n`
  host.tree.write(fstab, `${host.tree.read(fstab)}${line}`)
}
