/** instance_restore: files and directories, through the jail of a running instance. */
import { beforeEach, expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { startJail, stopJail } from '../support/instance-host.ts'
import { ROOT, restoreHost, TOP, within } from '../support/restore-host.ts'
import { AS_OF, datasetsBelow, foretold, restored } from './runs.ts'

const SITE = { files: ['/usr/local/www/site', 'etc/rc.conf'], as_of: AS_OF }
const WWW = `${ROOT}/usr/local/www`
const BESIDE = `${WWW}/restored-20261120T130000Z`

let host: FakeHost
beforeEach(async () => {
  host = await restoreHost()
  startJail(host, 'web1')
})
const isTidy = () => {
  expect(datasetsBelow(host, TOP).filter(name => name.endsWith('-reading'))).toEqual([])
  expect(host.tree.files.list('/hosting/instances/web1')).not.toContain('etc-reading')
}

test('beside what is there, with all that belongs to them', async () => {
  const checked = await foretold(host, SITE)
  expect(host.performed.some(step => step.kind === 'run' && step.command[0] === 'jexec')).toBe(false)
  const report = await restored(host, SITE)
  expect(report.steps).toEqual(checked.steps)
  expect(host.tree.read(`${BESIDE}/site/index.html`)).toBe('page of 13\n')
  expect(host.tree.read(`${BESIDE}/site/css/a.css`)).toBe('style of 13\n')
  expect(host.tree.files.status(`${BESIDE}/site`)).toMatchObject({ uid: 80, gid: 80 })
  expect(host.tree.files.status(BESIDE)).toMatchObject({ uid: 0, mode: 0o700 })
  expect(host.tree.read(`${ROOT}/etc/restored-20261120T130000Z/rc.conf`)).toBe('hostname="web1 of 13"\n')
  expect(host.tree.read(`${WWW}/site/index.html`)).toBe('page of now\n')
  isTidy()
  expect(await restored(host, SITE)).toMatchObject({ changed: false })
})

test('in their place: what is there is renamed, not overwritten', async () => {
  const options = { ...SITE, in_place: true }
  const checked = await foretold(host, options)
  const report = await restored(host, options)
  expect(report.steps).toEqual(checked.steps)
  expect(host.tree.read(`${WWW}/site/index.html`)).toBe('page of 13\n')
  expect(host.tree.read(`${WWW}/site.replaced-20261120T130000Z/index.html`)).toBe('page of now\n')
  expect(host.tree.read(`${ROOT}/etc/rc.conf`)).toBe('hostname="web1 of 13"\n')
  isTidy()
  expect(await restored(host, options)).toMatchObject({ changed: false })
})

test('broken again, it says what to do, and that is enough', async () => {
  const options = { ...SITE, in_place: true }
  await restored(host, options)
  host.tree.write(`${WWW}/site/index.html`, 'broken again\n')
  expect((await restored(host, options)).msg).toContain(
    'whether anybody changed it since was not looked at. To do it once more, rename /usr/local/www/site, /etc/rc.conf first.',
  )
  host.tree.files.rename(`${WWW}/site`, `${WWW}/site.broken`)
  await restored(host, options)
  expect(host.tree.read(`${WWW}/site/index.html`)).toBe('page of 13\n')
  expect(host.tree.read(`${WWW}/site.broken/index.html`)).toBe('broken again\n')
})

test('what was removed with the directories that led to it comes back with both', async () => {
  host.tree.files.remove(`${WWW}/site/css/a.css`)
  host.tree.files.remove(`${WWW}/site/css`)
  await restored(host, { files: ['usr/local/www/site/css/a.css'], as_of: AS_OF, in_place: true })
  expect(host.tree.read(`${WWW}/site/css/a.css`)).toBe('style of 13\n')
  expect(host.tree.read(`${WWW}/site/index.html`)).toBe('page of now\n')
})

test('in place of nothing: that too is done once, for each moment', async () => {
  const options = { files: ['usr/local/www/site', 'etc/rc.conf'], as_of: AS_OF, in_place: true }
  for (const path of ['css/a.css', 'css', 'index.html', '']) host.tree.files.remove(`${WWW}/site/${path}`)
  const checked = await foretold(host, options)
  const report = await restored(host, options)
  expect(report.steps).toEqual(checked.steps)
  expect(await restored(host, options)).toMatchObject({ changed: false, steps: [], state: report.state })
  // It was restored, and is what its customer makes of it.
  host.tree.write(`${WWW}/site/index.html`, 'page of later\n')
  expect(await restored(host, options)).toMatchObject({ changed: false })
  expect(host.tree.files.list(WWW)).toEqual(['site'])

  const later = await restored(host, { ...options, as_of: '2026-11-20 16:00' })
  expect(later.changed).toBe(true)
  expect(host.tree.read(`${WWW}/site/index.html`)).toBe('page of 15\n')
  expect(host.tree.read(`${WWW}/site.replaced-20261120T150000Z/index.html`)).toBe('page of later\n')
  expect(await restored(host, options)).toMatchObject({ changed: false })
  isTidy()
})

test('what was restored and is gone again is restored again', async () => {
  const options = { files: ['etc/rc.conf'], as_of: AS_OF, in_place: true }
  host.tree.files.remove(`${ROOT}/etc/rc.conf`)
  for (let times = 0; times < 2; times++) {
    expect(await restored(host, options)).toMatchObject({ changed: true })
    expect(host.tree.read(`${ROOT}/etc/rc.conf`)).toBe('hostname="web1 of 13"\n')
    host.tree.files.remove(`${ROOT}/etc/rc.conf`)
  }
})

test('a link in the snapshot is not followed, and nothing stays open', async () => {
  stopJail(host, 'web1')
  host.tree.mkdir('/root/secrets')
  host.tree.write('/root/secrets/key', 'secret')
  within(host, `${TOP}/usr-local-www`, at => host.tree.symlink(`${at}/out`, '/root/secrets'))
  host.outside('zfs', 'snapshot', `${TOP}/usr-local-www@planted`)
  startJail(host, 'web1')
  await expect(restored(host, { files: ['usr/local/www/out/key'], snapshot: 'planted' })).rejects.toThrow(
    '/usr/local/www/out is a symbolic link to /root/secrets, which is not followed',
  )
  isTidy()
  await restored(host, { files: ['usr/local/www/out'], snapshot: 'planted' })
  const [restoredTo = ''] = host.tree.files.list(WWW)?.filter(name => name.startsWith('restored-')) ?? []
  expect(host.tree.files.target(`${WWW}/${restoredTo}/out`)).toBe('/root/secrets')
})

test('what is not there is told, and nothing stays open', async () => {
  await expect(restored(host, { files: ['etc/nosuch'], as_of: AS_OF })).rejects.toThrow(
    `/etc/nosuch is not in ${TOP}/etc@auto-20261120T130000Z`,
  )
  isTidy()
  await expect(restored(host, { files: ['bin/sh'] })).rejects.toThrow('/bin/sh is in no dataset of it')
  await expect(restored(host, { files: ['etc/rc.conf'], as_of: '2020-01-01' })).rejects.toThrow('no snapshot as old as')
  await expect(restored(host, { files: ['../etc'] })).rejects.toThrow('is no plain path in the instance')
})

test('while it is stopped, whole datasets are restored, and no files', async () => {
  stopJail(host, 'web1')
  await expect(restored(host, SITE)).rejects.toThrow('web1 does not run, and files go through its jail')
})

test('a clone that a run has left is taken for what it is', async () => {
  host.outside(
    'zfs',
    'clone',
    '-o',
    'mountpoint=/hosting/instances/web1/etc-reading',
    `${TOP}/etc@auto-20261120T150000Z`,
    `${TOP}/etc-reading`,
  )
  await restored(host, { files: ['etc/rc.conf'], as_of: AS_OF })
  expect(host.tree.read(`${ROOT}/etc/restored-20261120T130000Z/rc.conf`)).toBe('hostname="web1 of 13"\n')
  isTidy()
})
