/** A blueprint goes only where nothing uses it. */
import { describe, expect, test } from 'vitest'
import { applied, bare, checked, datasetsOf, hostingHost, refusal } from '../support/blueprint-host.ts'

const gone = { name: bare.name, state: 'absent' }
const dataset = 'zroot/hosting/blueprints/2026Q4-bare'

async function withBlueprint() {
  const host = hostingHost()
  await applied(host, bare)
  return host
}

test('an unused blueprint goes, with its snapshots, and stays away', async () => {
  const host = await withBlueprint()
  const foretold = await checked(host, gone)
  const report = await applied(host, gone)
  expect(report.steps).toEqual([`zfs destroy -r ${dataset}`])
  expect(foretold.steps).toEqual(report.steps)
  expect(datasetsOf(host)).toEqual(['blueprints', 'build', 'instances'])
  expect(await applied(host, gone)).toMatchObject({ changed: false, state: { blueprints: {} } })
})

describe('refused while it is used, naming by what', () => {
  test('a mount of it, or of a part of it [mount-7]', async () => {
    const host = await withBlueprint()
    host.tree.mkdir('/hosting/instances/web1/root')
    host.outside(
      'mount',
      '-t',
      'nullfs',
      '-o',
      'ro',
      '/hosting/blueprints/2026Q4-bare/etc',
      '/hosting/instances/web1/root',
    )
    expect(await refusal(host, gone)).toMatch(
      /2026Q4-bare cannot be destroyed: it is used by the mount of \/hosting\/blueprints\/2026Q4-bare\/etc on \/hosting\/instances\/web1\/root/,
    )
  })

  test('the fstab of an instance that is not running', async () => {
    const host = await withBlueprint()
    host.tree.mkdir('/hosting/instances/web1')
    host.tree.write(
      '/hosting/instances/web1/fstab',
      '/hosting/blueprints/2026Q4-bare/etc/rc.d /hosting/instances/web1/root/etc/rc.d nullfs ro 0 0\n',
    )
    expect(await refusal(host, gone)).toMatch(
      /cannot be destroyed: \/hosting\/instances\/web1\/fstab would mount it\. Switch those instances/,
    )
  })

  test('the fstab that an instance will have after its next start', async () => {
    const host = await withBlueprint()
    host.tree.mkdir('/hosting/instances/web1')
    host.tree.write('/hosting/instances/web1/fstab.next', '/hosting/blueprints/2026Q4-bare /x nullfs ro 0 0\n')
    expect(await refusal(host, gone)).toMatch(/web1\/fstab\.next would mount it/)
  })

  test('an fstab of another blueprint whose name begins alike does not count', async () => {
    const host = await withBlueprint()
    host.tree.mkdir('/hosting/instances/web1')
    host.tree.write('/hosting/instances/web1/fstab', '/hosting/blueprints/2026Q4-bare2 /x nullfs ro 0 0\n')
    expect(await applied(host, gone)).toMatchObject({ changed: true })
  })

  test('a held snapshot, and a clone', async () => {
    const host = await withBlueprint()
    host.outside('zfs', 'hold', 'kept', `${dataset}@complete`)
    expect(await refusal(host, gone)).toMatch(/@complete is held \(kept\)/)
    host.outside('zfs', 'release', 'kept', `${dataset}@complete`)
    host.outside('zfs', 'clone', `${dataset}@complete`, 'zroot/copy')
    expect(await refusal(host, gone)).toMatch(/zroot\/copy is a clone of/)
  })

  test('one of two: the other stays as well', async () => {
    const host = await withBlueprint()
    await applied(host, { ...bare, name: 'b' })
    host.outside('zfs', 'hold', 'kept', `${dataset}@complete`)
    expect(await refusal(host, { state: 'absent', blueprints: [bare.name, 'b'] })).toMatch(/is held/)
    expect(datasetsOf(host)).toContain('blueprints/b')
  })

  test('a dataset that is none of ours', async () => {
    const host = hostingHost({ datasets: { [dataset]: {} } })
    expect(await refusal(host, gone)).toMatch(/is no blueprint of ours\. If it may go: 'zfs destroy -r/)
  })
})

test('half-built work goes too, with the devices that are still mounted in it', async () => {
  const host = hostingHost({
    datasets: { 'zroot/hosting/build/2026Q4-bare': { 'bluejail:stage': 'building' } },
  })
  host.tree.mkdir('/hosting/build/2026Q4-bare/dev')
  host.outside('mount', '-t', 'devfs', 'devfs', '/hosting/build/2026Q4-bare/dev')
  expect((await applied(host, gone)).steps).toEqual([
    'umount /hosting/build/2026Q4-bare/dev',
    'zfs destroy zroot/hosting/build/2026Q4-bare',
  ])
})
