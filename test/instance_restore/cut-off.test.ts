/** instance_restore: whole datasets, cut off after any step, while cron goes on taking snapshots. */
import { describe, expect, test } from 'vitest'
import { apply, converge } from '../../modules/core/converge.ts'
import instanceMounts from '../../modules/instance_mounts.ts'
import { DEFAULT_WRITABLE } from '../../modules/rules/layout.ts'
import zfsDataset from '../../modules/zfs_dataset.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, startJail, stopJail } from '../support/instance-host.ts'
import { COPY, copyHost, ROOT, restoreHost, rowsIn, snapshotAt, TOP } from '../support/restore-host.ts'
import { AS_OF, datasetsBelow, foretold, propertiesOf, restored } from './runs.ts'

const MYSQL = `${TOP}/var-db-mysql`

/** The power goes after so many steps; then cron runs, before anybody else does. */
async function cutOff(host: FakeHost, options: object, survived: number): Promise<void> {
  host.machine.cutPowerAfter(survived)
  await restored(host, options).catch(() => {})
  host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
  host.boot()
  const all = datasetsBelow(host, TOP).map(name => `${TOP}/${name}`)
  if (all.length > 0) snapshotAt(host, '2026-11-22T12:05:00Z', 'auto-20261122T120500Z', all)
}

const CASES: Record<
  string,
  { host: () => Promise<FakeHost>; options: object; rows: string; kept: string | undefined }
> = {
  'as of a moment': {
    host: restoreHost,
    options: { parts: ['var/db/mysql', 'etc'], as_of: AS_OF, in_place: true },
    rows: 'rows of 13\n',
    kept: 'rows of now\n',
  },
  'the newest there was': {
    host: restoreHost,
    options: { in_place: true },
    rows: 'rows of 15\n',
    kept: 'rows of now\n',
  },
  'from a copy': { host: copyHost, options: { from: COPY, in_place: true }, rows: 'rows of 15\n', kept: undefined },
  'from a copy that was brought here': {
    host: copyHost,
    options: { from: COPY, in_place: true, adopt: true },
    rows: 'rows of 15\n',
    kept: undefined,
  },
  'from a copy in another pool': {
    host: () => copyHost('tank'),
    options: { from: COPY.replace('zroot', 'tank'), in_place: true, parts: ['var-db-mysql', 'etc'] },
    rows: 'rows of 15\n',
    kept: undefined,
  },
}

const DATASETS = [...DEFAULT_WRITABLE.map(({ dataset }) => dataset), 'var-db-mysql']

/** As roles/instance does, up to the start of the jail: whether it gets that far. */
async function laidOut(host: FakeHost): Promise<boolean> {
  const circumstances = { now: () => new Date('2026-11-22T12:10:00Z'), holder: 'a test' }
  const datasets = {
    datasets: [
      { name: TOP, mode: '0700', properties: { mountpoint: '/hosting/instances/web1' } },
      ...DATASETS.map(name => `${TOP}/${name}`),
    ],
    properties: { mountpoint: 'legacy' },
    reserved_by: '-restoring',
  }
  await converge(zfsDataset, datasets, host, apply, circumstances)
  const mounts = { id: 'web1', blueprint: BLUEPRINT, additional_writable: ['var/db/mysql'] }
  return converge(instanceMounts, mounts, host, apply, circumstances).then(
    () => true,
    () => false,
  )
}

/** What the database and the configuration of the instance are, as it starts; undefined where it does not. */
function started(host: FakeHost): string | undefined {
  if (startJail(host, 'web1').exit !== 0) return undefined
  const found = ['var/db/mysql/ibdata1', 'etc/rc.conf'].map(path => host.tree.read(`${ROOT}/${path}`) ?? 'nothing')
  stopJail(host, 'web1')
  return found.map(text => /(blueprint|13|15|now|nothing)/.exec(text)?.[0]).join(' and ')
}

describe.each(Object.entries(CASES))('%s, cut off after any step', (_, { host: made, options, rows, kept }) => {
  test('the next run brings it to its end', async () => {
    const steps = (await foretold(await made(), options)).steps.length
    expect(steps).toBeGreaterThan(3)
    for (let survived = 0; survived <= steps; survived++) {
      const host = await made()
      await cutOff(host, options, survived)
      const begun = datasetsBelow(host, TOP).some(name => name.endsWith('-restoring'))
      // Nothing was begun, or all was done: what cron took is the newest now.
      if (kept !== undefined && !begun && !('as_of' in options)) continue
      await restored(host, options)
      expect(rowsIn(host, MYSQL), `after ${survived} steps`).toBe(rows)
      if (kept !== undefined) expect(propertiesOf(host, MYSQL, 'recordsize,quota')).toEqual(['16384', '21474836480'])
      const names = datasetsBelow(host, TOP)
      expect(names.filter(name => name.endsWith('-restoring'))).toEqual([])
      const asides = names
        .filter(name => name.startsWith('var-db-mysql-before-'))
        .map(name => rowsIn(host, `${TOP}/${name}`))
      if (kept !== undefined) expect(asides, `after ${survived} steps`).toContain(kept)
    }
  })
})

describe.each(Object.entries(CASES))('%s, half exchanged', (_, { host: made, options, rows, kept }) => {
  test('neither the next boot nor site.yml starts it, nor makes what is missing anew; the next run does', async () => {
    const steps = (await foretold(await made(), options)).steps.length
    const [asBefore, restoredWholly] = [
      kept === undefined ? 'nothing and blueprint' : 'now and now',
      /\d+/.exec(rows)?.[0],
    ]
    const whole = [asBefore, `${restoredWholly} and ${restoredWholly}`]
    const seen = new Set<string | undefined>()
    for (let survived = 0; survived <= steps; survived++) {
      const host = await made()
      await cutOff(host, options, survived)
      const booted = started(host)
      const names = datasetsBelow(host, TOP)
      const awaited = names.filter(name => name.endsWith('-restoring')).map(name => name.replace('-restoring', ''))
      const isHalf = awaited.some(name => !names.includes(name))
      expect(await laidOut(host), `after ${survived} steps`).toBe(!isHalf)
      const ran = isHalf ? undefined : started(host)
      if (isHalf) {
        expect(booted, `after ${survived} steps`).toBeUndefined()
        for (const name of awaited.filter(one => !names.includes(one)))
          expect(datasetsBelow(host, TOP), `after ${survived} steps`).not.toContain(name)
        expect(started(host), `after ${survived} steps`).toBeUndefined()
      } else expect(whole, `after ${survived} steps`).toContain(ran)
      expect([undefined, ...whole], `after ${survived} steps`).toContain(booted)
      seen.add(ran)
      if (!isHalf) continue
      await restored(host, options)
      expect(await laidOut(host), `after ${survived} steps`).toBe(true)
      expect(started(host), `after ${survived} steps`).toBe(whole[1])
    }
    expect(seen).toEqual(new Set([...whole, undefined]))
  })
})

test('a part that was made anew all the same is not filled, and makes room for what is to come', async () => {
  const host = await restoreHost()
  const options = { parts: ['var/db/mysql'], as_of: AS_OF, in_place: true }
  await cutOff(host, options, 3)
  host.outside('zfs', 'create', '-o', 'mountpoint=legacy', MYSQL)
  const mounts = { id: 'web1', blueprint: BLUEPRINT, additional_writable: ['var/db/mysql'] }
  const circumstances = { now: () => new Date('2026-11-22T12:10:00Z'), holder: 'a test' }
  await expect(converge(instanceMounts, mounts, host, apply, circumstances)).rejects.toThrow(
    `${MYSQL}-restoring is yet to take the place of ${MYSQL}. Run the same restore.yml, or instance_restore, once more.`,
  )
  await restored(host, options)
  expect(rowsIn(host, MYSQL)).toBe('rows of 13\n')
  expect(await laidOut(host)).toBe(true)
})

test('what a failed start has left mounted is told, and does not stand in the way of who would stop it first', async () => {
  const host = await restoreHost()
  const options = { parts: ['var/db/mysql', 'etc'], as_of: AS_OF, in_place: true }
  await cutOff(host, options, 5)
  host.outside('mount', '-t', 'zfs', `${TOP}/etc`, ROOT)
  expect((await foretold(host, options)).warnings.join()).toContain(`${TOP}/etc is mounted at`)
})

test('one for another moment is told to be finished first, by its snapshot', async () => {
  const host = await restoreHost()
  const options = { parts: ['var/db/mysql'], in_place: true }
  await cutOff(host, { ...options, as_of: AS_OF }, 1)
  await expect(restored(host, { ...options, as_of: '2026-11-20 15:30' })).rejects.toThrow(
    'bring that to its end with `snapshot: auto-20261120T130000Z`',
  )
  await restored(host, { ...options, snapshot: 'auto-20261120T130000Z' })
  expect(rowsIn(host, MYSQL)).toBe('rows of 13\n')
})
