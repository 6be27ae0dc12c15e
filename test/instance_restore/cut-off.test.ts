/** instance_restore: whole datasets, cut off after any step, while cron goes on taking snapshots. */
import { describe, expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { COPY, copyHost, restoreHost, rowsIn, snapshotAt, TOP } from '../support/restore-host.ts'
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
