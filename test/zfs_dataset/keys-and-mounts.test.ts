import { describe, expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { converged, refusal } from './support.ts'

describe('encryption: zfs.md §3 case 43', () => {
  const options = {
    name: 'zroot/secret',
    properties: { encryption: 'on', keyformat: 'passphrase' },
    key: 'correct horse battery',
  }

  test('the key goes in on standard input when it is created, and never again', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} } })
    const report = await converged(host, options)
    expect(report.steps).toEqual([
      'zfs create -o encryption=aes-256-gcm -o keyformat=passphrase -o keylocation=prompt zroot/secret',
    ])
    expect(JSON.stringify([report, host.performed.map(step => ('command' in step ? step.command : []))])).not.toContain(
      'horse',
    )
    expect((await converged(host, options)).steps).toEqual([])
  })

  test('a key that is not loaded is loaded', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} } })
    await converged(host, options)
    await host.perform({ kind: 'run', command: ['zfs', 'unmount', 'zroot/secret'] })
    await host.perform({ kind: 'run', command: ['zfs', 'unload-key', 'zroot/secret'] })
    expect((await converged(host, { ...options, mounted: true })).steps).toEqual([
      'zfs load-key -L prompt zroot/secret',
      'zfs mount zroot/secret',
    ])
  })
})

describe('mounts', () => {
  test('zfs-11 setting a mountpoint to legacy unmounts by itself; a path mounts again', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/a': { mountpoint: '/a' } } })
    expect(
      (await converged(host, { name: 'zroot/a', properties: { mountpoint: 'legacy' }, mounted: false })).steps,
    ).toEqual(['zfs set mountpoint=legacy zroot/a'])
    expect((await converged(host, { name: 'zroot/a', properties: { mountpoint: '/b' }, mounted: true })).steps).toEqual(
      ['zfs set mountpoint=/b zroot/a'],
    )
    expect(
      (await converged(host, { name: 'zroot/a', properties: { mountpoint: '/b' }, mounted: true, mode: '0711' })).steps,
    ).toEqual(['chmod 0711 /b'])
  })

  test('zfs-11 what ZFS cannot mount itself is refused', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/a': { mountpoint: 'legacy' } } })
    expect(await refusal(host, { name: 'zroot/a', mounted: true })).toBe(
      "zroot/a cannot be mounted: its mountpoint is 'legacy', so mount(8) and /etc/fstab mount it. Give it a path, or leave out `mounted`.",
    )
  })

  test('mounted and unmounted, with no property changed', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/a': { mountpoint: '/a' } } })
    expect((await converged(host, { name: 'zroot/a', mounted: false })).steps).toEqual(['zfs unmount zroot/a'])
    expect((await converged(host, { name: 'zroot/a', mounted: true })).steps).toEqual(['zfs mount zroot/a'])
    expect((await converged(host, { name: 'zroot/new', mounted: false })).steps).toEqual(['zfs create -u zroot/new'])
  })

  test('a pool that was imported under another root: case 33, at the cost of one more process', async () => {
    const host = fakeFreeBSD({
      pools: { zroot: { altroot: '/mnt' } },
      datasets: { 'zroot/a': { mountpoint: '/data' } },
    })
    expect(await converged(host, { name: 'zroot/a', properties: { mountpoint: '/data' } })).toMatchObject({
      changed: false,
    })
    expect(host.counts).toEqual({ zfs: 1, zpool: 1 })
  })
})
