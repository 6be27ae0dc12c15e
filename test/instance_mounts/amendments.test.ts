/** instance_mounts after an amendment of the blueprint: what it added is added, and nothing else is touched. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { PipeStep } from '../../modules/core/step.ts'
import { copyNamesInside } from '../../modules/freebsd/seed.ts'
import { compareListings } from '../../modules/rules/instance/amend-compare.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, instanceHost, lookInto, startJail } from '../support/instance-host.ts'
import { add, amend, dataset, expectAmended, ROOT, recorded, SOURCE, SOURCE_DATASET, seal, web1 } from './amended.ts'
import { applied, foretold, stateOf } from './runs.ts'

let host: FakeHost
beforeEach(async () => {
  host = instanceHost()
  await seal(host, 1, () => {})
  await applied(host, web1)
})

const start = () => expect(startJail(host, 'web1')).toMatchObject({ exit: 0 })
const inside = <T>(name: string, look: (at: string) => T): T => lookInto(host, dataset(name), look)

test('while the instance runs, through its jail, in one pipe, and it goes on running', async () => {
  start()
  await amend(host)
  const check = await foretold(host, web1)
  const report = await applied(host, web1)
  expect(report.steps).toEqual(check.steps)
  expect(report.steps).toHaveLength(2)
  expect(report.steps[0]).toMatch(
    /^tar -cf - --no-recursion -C \S+\/\.zfs\/snapshot\/r2 \.\/usr\/local\/etc\/php .* \| jexec web1 tar -xpkf - --numeric-owner -C \/$/,
  )
  expect(report.steps[1]).toMatch(/^zfs set bluejail:revision=2 (\S+ ?){8}$/)
  expectAmended(host, { etc: `${ROOT}/usr/local/etc`, var: `${ROOT}/var` })
  expect(report.warnings).toEqual([])
  expect(stateOf(report)).toMatchObject({ running: true, pending: [] })
  expect(await applied(host, web1)).toMatchObject({ changed: false, msg: 'instance web1: as wanted' })
})

test('with the instance stopped, beside it', async () => {
  await amend(host)
  const check = await foretold(host, web1)
  const report = await applied(host, web1)
  expect(report.steps).toEqual(check.steps)
  expect(report.steps.filter(step => step.startsWith('mount'))).toHaveLength(2)
  inside('usr-local-etc', etc => {
    expect(host.tree.files.list(etc)).toEqual(['php', 'rc.d'])
    expect(host.tree.files.list(`${etc}/rc.d`)).toEqual([])
    expect(host.tree.files.list(`${etc}/php`)).toEqual(['a name # with.ini', 'current.ini', 'ext-20-gd.ini'])
  })
  start()
  expectAmended(host, { etc: `${ROOT}/usr/local/etc`, var: `${ROOT}/var` })
  expect(await applied(host, web1)).toMatchObject({ changed: false })
})

test('nothing more is started or read where nothing is to be done', async () => {
  const before = host.queried.length
  await applied(host, web1)
  expect(host.queried).toHaveLength(before + 3)
  await amend(host)
  await applied(host, web1)
  const amended = host.queried.length
  await applied(host, web1)
  expect(host.queried).toHaveLength(amended + 3)
})

describe("a customer's own", () => {
  const INI = 'usr/local/etc/php/ext-20-gd.ini'
  const own = (part: string) => {
    host.tree.mkdir(`${part}/php`)
    host.tree.chmod(`${part}/php`, 0o700)
    host.tree.write(`${part}/php/ext-20-gd.ini`, 'mine\n')
  }

  test.each([true, false])('file stays and is told, and a directory keeps its mode (running: %s)', async isRunning => {
    inside('usr-local-etc', own)
    if (isRunning) start()
    await amend(host)
    const check = await foretold(host, web1)
    const report = await applied(host, web1)
    expect(report.steps).toEqual(check.steps)
    expect(report.warnings).toEqual([
      `web1: the blueprint's amendment adds /${INI}, where something is already: that stays as it is.`,
    ])
    if (!isRunning) start()
    expect(host.tree.read(`${ROOT}/${INI}`)).toBe('mine\n')
    expect(host.tree.files.status(`${ROOT}/usr/local/etc/php`)).toMatchObject({ mode: 0o700 })
    expect(host.tree.read(`${ROOT}/usr/local/etc/php/a name # with.ini`)).toBe('odd\n')
    expect(recorded(host, 'usr-local-etc')[0]).toBe('2')
  })

  test.each([true, false])('link is neither followed nor replaced (running: %s)', async isRunning => {
    host.tree.mkdir('/victim')
    inside('usr-local-etc', at => host.tree.symlink(`${at}/php`, '/victim'))
    inside('var', at => host.tree.symlink(`${at}/log/gd`, '/victim'))
    if (isRunning) start()
    await amend(host)
    const report = await applied(host, web1)
    expect(report.warnings.join('\n')).toMatch(/\/usr\/local\/etc\/php is no directory, so what .* is left out/)
    expect(report.warnings.join('\n')).toMatch(/adds \/var\/log\/gd, where something is already/)
    expect(host.tree.list('/victim')).toEqual([])
    if (!isRunning) start()
    expect(host.tree.files.target(`${ROOT}/usr/local/etc/php`)).toBe('/victim')
    expect(host.tree.files.target(`${ROOT}/var/log/gd`)).toBe('/victim')
    expect(await applied(host, web1)).toMatchObject({ changed: false })
  })

  test('link that is planted after the look stays inside the jail', async () => {
    host.tree.mkdir('/victim')
    start()
    await amend(host)
    host.tree.symlink(`${ROOT}/usr/local/etc/php`, '/victim')
    const [step] = copyNamesInside(`${SOURCE}/.zfs/snapshot/r2`, [INI], 'web1')
    await expect(host.perform(step as PipeStep)).rejects.toThrow(/Cannot extract through symlink/)
    expect(host.tree.list('/victim')).toEqual([])
  })
})

describe('what is more than an addition', () => {
  const amendUsers = () =>
    seal(host, 2, () => {
      host.tree.write(`${SOURCE}/etc/master.passwd`, 'root and redis\n', 0o600)
      add(host, 'etc/redis.conf', 'port 6379\n')
      add(host, 'usr/local/etc/redis.conf', 'port 6379\n')
    })

  test('is told as long as no switch has merged it, and the base of that merge stays known', async () => {
    start()
    await amendUsers()
    const report = await applied(host, web1)
    expect(report.msg).toBe('instance web1: 1 changed')
    expect(stateOf(report).pending).toEqual([
      `an amendment of ${BLUEPRINT} changed what only blueprint_switch can merge: etc/master.passwd`,
    ])
    expect(host.tree.read(`${ROOT}/etc/redis.conf`)).toBe('port 6379\n')
    expect(host.tree.read(`${ROOT}/etc/master.passwd`)).not.toContain('redis')
    expect(recorded(host, 'etc')).toEqual(['1', '2'])
    expect(recorded(host, 'usr-local-etc')).toEqual(['2', '-'])

    const again = await applied(host, web1)
    expect(again).toMatchObject({ changed: false, warnings: [] })
    expect(stateOf(again).pending).toHaveLength(1)
  })

  test('the next amendment adds what is new since, and not again what a customer has removed', async () => {
    start()
    await amendUsers()
    await applied(host, web1)
    host.tree.remove(`${ROOT}/etc/redis.conf`)
    await seal(host, 3, () => add(host, 'etc/third.conf', 'three\n'))
    await applied(host, web1)
    expect(host.tree.read(`${ROOT}/etc/third.conf`)).toBe('three\n')
    expect(host.tree.read(`${ROOT}/etc/redis.conf`)).toBeUndefined()
    expect(recorded(host, 'etc')).toEqual(['1', '3'])
    expect(recorded(host, 'var')).toEqual(['3', '-'])
  })
})

test('a listing that is not there is told, and nothing is done', async () => {
  await amend(host)
  host.outside('zfs', 'destroy', `${SOURCE_DATASET}@complete`)
  const report = await applied(host, web1)
  expect(report.changed).toBe(false)
  expect(stateOf(report).pending.join()).toMatch(
    /not known: a listing is not there \(.*snapshot\/complete\/\.blueprint\.mtree\)/,
  )
})

test('many names are split over several commands', async () => {
  const count = 2000
  const name = 'a-file-with-a-long-name'.repeat(9)
  start()
  await seal(host, 2, () => {
    host.tree.mkdir(`${SOURCE}/usr/local/www/app`)
    for (let each = 0; each < count; each++) host.tree.write(`${SOURCE}/usr/local/www/app/${name}-${each}`, '')
  })
  const report = await applied(host, web1)
  expect(report.steps.filter(step => step.startsWith('tar'))).toHaveLength(2)
  expect(host.tree.list(`${ROOT}/usr/local/www/app`)).toHaveLength(count)
})

test('the difference of two listings', () => {
  const listing = (entries: Record<string, string>) => new Map(Object.entries(entries))
  const older = listing({ '.': 'mode=0755 type=dir', './a': 'type=file uid=0', './b': 'type=file uid=0' })
  const newer = listing({
    '.': 'mode=0755 type=dir',
    './a': 'type=file uid=1',
    './d': 'type=dir uid=0',
    './d/e\\040f': 'sha256digest=1 type=file uid=0',
    './pipe': 'type=fifo uid=0',
  })
  expect(compareListings(older, newer)).toEqual({
    added: [
      { path: 'd', isDirectory: true },
      { path: 'd/e f', isDirectory: false },
    ],
    changed: ['a', 'b', 'pipe'],
  })
  expect(compareListings(newer, newer)).toEqual({ added: [], changed: [] })
})
