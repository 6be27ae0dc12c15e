/** Packages are added to a complete blueprint while instances use it, and nothing else happens to it. */
import { describe, expect, test } from 'vitest'
import { applied, checked, datasetsOf, hostingHost, manifestOf, property, refusal } from '../support/blueprint-host.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { PACKAGES } from '../support/package-site.ts'
import { told } from '../support/told-host.ts'
import { amendment, dataset, inUse, looks, NEWER, offer, repository, root, web } from './amended.ts'

describe('an amendment', () => {
  test('makes the next revision: snapshot, manifest, reason, digest', async () => {
    const host = await inUse()
    const before = manifestOf(host, web.name)
    const foretold = await checked(host, amendment)
    const report = await applied(host, amendment)
    expect(foretold.steps).toEqual(report.steps)
    expect(looks(host)).toMatchObject({ readonly: 'on', stage: 'complete', revision: '2' })
    expect(datasetsOf(host)).toEqual([
      'blueprints',
      'blueprints/2026Q4-php83',
      'blueprints/2026Q4-php83@complete',
      'blueprints/2026Q4-php83@r2',
      'build',
      'instances',
    ])
    const manifest = manifestOf(host, web.name)
    expect(manifest).toMatchObject({
      revision: 2,
      requested: ['php83', 'php83-gd'],
      revisions: [
        { revision: 1, digest: before.digest },
        {
          revision: 2,
          requested: ['php83-gd'],
          added: ['libgd-2.3.3_13,1', 'php83-gd-8.3.14'],
          digest: manifest.digest,
        },
      ],
    })
    expect(manifest.digest).not.toBe(before.digest)
    expect(property(host, 'bluejail:reason', `${dataset}@r2`)).toBe('Larsen Boats makes thumbnails')
    expect(host.tree.read(`${root}/.blueprint.json`)).not.toContain('Larsen')
    expect((await told(host)).state.blueprints[web.name]?.amendments).toEqual([
      { revision: 2, created: '2026-11-22T12:00:00.000Z', reason: 'Larsen Boats makes thumbnails' },
    ])
    expect(host.tree.read('/hosting/instances/web1/root/usr/local/etc/rc.d/php83_gd')).toBe('#!/bin/sh\n')
  })

  test('that is done is no change, with and without amend', async () => {
    const host = await inUse()
    await applied(host, amendment)
    expect(await applied(host, amendment)).toMatchObject({ changed: false })
    expect(await applied(host, { ...web, packages: ['php83', 'php83-gd'] })).toMatchObject({ changed: false })
    expect(await refusal(host, web)).toMatch(/made with php83-gd, which the task does not list/)
  })

  test('lists what is to be added: what is there stays, and may be left out', async () => {
    const host = await inUse()
    await applied(host, { name: web.name, packages: 'php83-gd', repository, amend: true, reason: 'x' })
    expect(manifestOf(host, web.name).requested).toEqual(['php83', 'php83-gd'])
  })

  test('does what was tried, though the repository moves on in between', async () => {
    const host = await inUse()
    const perform = host.perform
    host.perform = async step => {
      if (step.kind === 'run' && step.command.join(' ') === `zfs destroy -r zroot/hosting/build/${web.name}`)
        offer(host, NEWER)
      await perform(step)
    }
    await applied(host, amendment)
    expect(manifestOf(host, web.name).packages).toMatchObject([
      { name: 'libgd' },
      { name: 'libxml2' },
      { name: 'php83', version: '8.3.14' },
      { name: 'php83-gd', version: '8.3.14' },
    ])
  })

  test('that cannot be carried out on a clone is not begun in place', async () => {
    const host = await inUse()
    host.machine.faults.push({
      program: 'pkg',
      kind: 'exit',
      exit: 1,
      stderr: 'pkg: no\n',
      when: args => args.includes('-y'),
    })
    const before = looks(host)
    expect(await refusal(host, amendment)).toMatch(/pkg: no/)
    expect({ ...looks(host), datasets: [] }).toEqual({ ...before, datasets: [] })
    host.machine.faults.length = 0
    await applied(host, amendment)
    expect(looks(host)).toMatchObject({ stage: 'complete', revision: '2' })
  })

  test('that lost a package is put back, and fails', async () => {
    const host = await inUse()
    const perform = host.perform
    host.perform = async step => {
      const isClosing = step.kind === 'run' && step.command.includes('shell')
      if (isClosing) host.outside('pkg', '-r', root, 'delete', '-y', 'libgd')
      if (isClosing) host.outside('pkg', '-r', root, 'delete', '-y', 'libxml2')
      await perform(step)
    }
    const before = looks(host)
    expect(await refusal(host, { ...amendment, packages: ['nginx'] })).toMatch(
      /put back to revision 1: .*libxml2-2\.11\.9/,
    )
    expect(looks(host)).toEqual(before)
    expect((await applied(host, { ...web, verify: true })).warnings).toEqual([])
  })

  test('that brought what all instances would share is put back, and fails', async () => {
    const host = await inUse()
    offer(host, { ...PACKAGES, keys: { version: '1', files: { '/usr/local/etc/ssh/ssh_host_rsa_key': 'secret' } } })
    const before = looks(host)
    expect(await refusal(host, { ...amendment, packages: ['keys'] })).toMatch(
      /^2026Q4-php83 is put back to revision 1: \/usr\/local\/etc\/ssh\/ssh_host_rsa_key is a key of one host/,
    )
    expect(looks(host)).toEqual(before)
    expect(host.tree.lstat(`${root}/usr/local/etc/ssh`)).toBeUndefined()
  })

  test('leaves the package database closed [pkg-6]', async () => {
    const host = await inUse()
    await applied(host, amendment)
    expect(host.tree.list(`${root}/var/db/pkg`)).toEqual(['local.sqlite', 'repos'])
  })
})

describe('an amendment is refused, and the blueprint stays as it is', () => {
  const unchanged = async (host: FakeHost, options: object): Promise<string> => {
    const before = looks(host)
    const said = await refusal(host, options)
    expect(looks(host)).toEqual(before)
    return said
  }

  test('where the repository has moved on: an upgrade would be needed', async () => {
    const host = await inUse()
    offer(host, NEWER)
    expect(await unchanged(host, amendment)).toMatch(
      /2026Q4-php83 stays as it is: adding php83-gd would change packages that instances are using: php83: 8\.3\.14 -> 8\.3\.15/,
    )
  })

  test('which version is newer is decided by pkg, epoch and revision counted [pkg-5]', async () => {
    const host = hostingHost()
    offer(host, { a: { version: '8.4.0,1' } })
    await applied(host, { ...web, packages: ['a'] })
    offer(host, { a: { version: '9.0' }, b: { version: '1', needs: ['a'] } })
    const { changed } = await applied(host, { ...web, packages: ['b'], amend: true, reason: 'x' })
    expect(changed).toBe(true)
    expect(manifestOf(host, web.name).packages.map((one: { version: string }) => one.version)).toEqual(['8.4.0,1', '1'])
  })

  test('where there is no such package', async () => {
    const host = await inUse()
    expect(await unchanged(host, { ...amendment, packages: ['nosuchpkg'] })).toMatch(/has no such package/)
  })

  test('where something else differs too', async () => {
    const host = await inUse()
    expect(await unchanged(host, { ...amendment, release: '14.1-RELEASE' })).toMatch(/its release is 14.2-RELEASE/)
  })

  test('where nobody says why, or where packages come from', async () => {
    const host = await inUse()
    expect(await unchanged(host, { ...amendment, reason: null })).toMatch(/an amendment needs a `reason`/)
    expect(await unchanged(host, { name: web.name, packages: ['nginx'], amend: true, reason: 'x' })).toMatch(
      /there is no `repository`, from which nginx could come/,
    )
  })
})
