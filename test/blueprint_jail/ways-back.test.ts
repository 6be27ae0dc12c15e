/** A blueprint that an instance could go back to stays, unless somebody gives that way back up. */
import { beforeEach, describe, expect, test } from 'vitest'
import { applied, checked, refusal } from '../support/blueprint-host.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, NEXT, runsOn, switched, switchHost } from '../support/switch-host.ts'
import { told } from '../support/told-host.ts'

const gone = { name: BLUEPRINT, state: 'absent' }
const back = { id: 'web1', state: 'rolled_back' }
const waysBack = async (host: FakeHost) =>
  Object.fromEntries(Object.entries((await told(host)).state.blueprints).map(([name, one]) => [name, one.ways_back]))

describe('two instances were switched', () => {
  let host: FakeHost
  beforeEach(async () => {
    host = await switchHost(['web1', 'web2'])
    await switched(host, { instances: ['web1', 'web2'], blueprint: NEXT })
  })

  test('what they came from is not removed, and who could go back to it is named', async () => {
    const words =
      /blueprints\/2026Q4-php83 cannot be destroyed: web1, web2 could not go back to it any more\. Their .* `keep_ways_back: false`/
    expect(await refusal(host, gone)).toMatch(words)
    expect(await waysBack(host)).toEqual({ [BLUEPRINT]: ['web1', 'web2'], [NEXT]: [] })
    await switched(host, back)
    expect(runsOn(host, 'web1')).toBe(BLUEPRINT)
  })

  test('it goes where those ways back are given up, and whose they were is told', async () => {
    const given = { ...gone, keep_ways_back: false }
    const foretold = await checked(host, given)
    const report = await applied(host, given)
    expect(report.steps).toEqual([`zfs destroy -r zroot/hosting/blueprints/${BLUEPRINT}`])
    expect(foretold).toMatchObject({ steps: report.steps, warnings: report.warnings })
    expect(report.warnings).toEqual([
      `web1, web2 cannot go back to ${BLUEPRINT} any more. What they had then is in their snapshots.`,
    ])
    expect(await applied(host, given)).toMatchObject({ changed: false, warnings: [] })
  })

  test('a way back whose snapshot is gone is none', async () => {
    const { snapshot } = JSON.parse(host.tree.read('/hosting/instances/web2/switch.json') ?? '{}')
    host.outside('zfs', 'release', '-r', 'bluejail', `zroot/hosting/instances/web2@${snapshot}`)
    host.outside('zfs', 'destroy', '-r', `zroot/hosting/instances/web2@${snapshot}`)
    expect(await waysBack(host)).toMatchObject({ [BLUEPRINT]: ['web1'] })
  })

  test('snapshots that came from another host with the parts of the instance alone', async () => {
    const { snapshot } = JSON.parse(host.tree.read('/hosting/instances/web1/switch.json') ?? '{}')
    const top = 'zroot/hosting/instances/web1'
    host.outside('zfs', 'release', '-r', 'bluejail', `${top}@${snapshot}`)
    host.outside('zfs', 'destroy', `${top}@${snapshot}`)
    host.tree.remove('/hosting/instances/web1/switch.json')
    expect(await waysBack(host)).toMatchObject({ [BLUEPRINT]: ['web1', 'web2'] })
  })

  test('snapshots that came from another host without their properties: the last switch still tells', async () => {
    for (const id of ['web1', 'web2']) {
      const { snapshot } = JSON.parse(host.tree.read(`/hosting/instances/${id}/switch.json`) ?? '{}')
      host.outside('zfs', 'inherit', '-r', 'bluejail:blueprint', `zroot/hosting/instances/${id}@${snapshot}`)
    }
    expect(await waysBack(host)).toMatchObject({ [BLUEPRINT]: ['web1', 'web2'] })
  })
})

test('an older generation that is kept leads back as well, until newer ones have taken its place', async () => {
  const host = await switchHost()
  const to = (blueprint: string, keep_generations: number, day: string) => {
    let now = Date.parse(`2026-11-${day}T12:00:00Z`)
    return switched(host, { id: 'web1', blueprint, keep_generations }, () => {
      now += 100
      return new Date(now)
    })
  }
  await to(NEXT, 2, '22')
  await to(BLUEPRINT, 2, '23')
  await to(NEXT, 2, '24')
  expect(await waysBack(host)).toEqual({ [BLUEPRINT]: ['web1'], [NEXT]: ['web1'] })
  await to(BLUEPRINT, 1, '25')
  expect(await waysBack(host)).toEqual({ [BLUEPRINT]: [], [NEXT]: ['web1'] })
})

test('one that went back has no way back to what it left', async () => {
  const host = await switchHost()
  await switched(host, { id: 'web1', blueprint: NEXT })
  await switched(host, back)
  expect((await waysBack(host))[NEXT]).toEqual([])
  expect(await applied(host, { name: NEXT, state: 'absent' })).toMatchObject({ changed: true })
})

test('a switch that was cut off needs both, whatever is given up', async () => {
  const host = await switchHost()
  await switched(host, { id: 'web1', blueprint: NEXT })
  const journal = host.tree.read('/hosting/instances/web1/switch.json') ?? ''
  host.tree.write('/hosting/instances/web1/journal.json', journal)
  host.tree.remove('/hosting/instances/web1/switch.json')
  expect(await refusal(host, { ...gone, keep_ways_back: false })).toMatch(
    /2026Q4-php83 cannot be destroyed: web1: a switch of it to another blueprint was cut off .* `state: resumed`/,
  )
})

test('the last switch of an instance that nobody can read is told of, and nothing is removed', async () => {
  const host = await switchHost()
  host.tree.write('/hosting/instances/web1/switch.json', '{')
  expect(await refusal(host, { name: NEXT, state: 'absent' })).toMatch(/web1\/switch\.json is no journal of a switch/)
  expect((await told(host)).state.not_as_configured.join()).toMatch(/web1\/switch\.json is no journal of a switch/)
})
