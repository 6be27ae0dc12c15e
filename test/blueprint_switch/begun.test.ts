/** Instances of a task that are not begun any more: nobody has touched them, and that is told. */
import { describe, expect, test } from 'vitest'
import { describeStep } from '../../modules/core/step.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, clock, failing, foretold, NEXT, runsOn, switched, switchHost } from '../support/switch-host.ts'

const IDS = ['web1', 'web2', 'web3', 'web4']
const all = { blueprint: NEXT, parallel: 1, instances: IDS }
/** They are well on the old blueprint alone. */
function unwell(host: FakeHost, ids: readonly string[]) {
  return ids.map(id => {
    const url = `http://${id}.example.net/`
    host.servers.set(url, () => (runsOn(host, id) === NEXT ? { problem: 'closed' } : { status: 200 }))
    return { id, health: { deadline: 1, http: [{ url }] } }
  })
}

const outcomes = (report: { state: { instances: Record<string, { outcome: string }> } } | undefined) =>
  Object.fromEntries(Object.entries(report?.state.instances ?? {}).map(([id, { outcome }]) => [id, outcome]))
const touched = (host: FakeHost, id: string) => host.performed.some(step => describeStep(step).includes(id))

describe('an error budget', () => {
  test('ends the task when more than so many are not as asked for', async () => {
    const host = await switchHost(IDS)
    const error = await failing(host, { ...all, instances: unwell(host, IDS), error_budget: 1 })
    expect(outcomes(error.report)).toEqual({
      web1: 'rolled_back',
      web2: 'rolled_back',
      web3: 'not_begun',
      web4: 'not_begun',
    })
    expect(error.report?.state.instances.web4?.reason).toBe(
      '2 of those before it are not as asked for (web1, web2), and the error budget is 1',
    )
    expect(error.report?.msg).toMatch(/^web3 +not begun .*\nweb4 +not begun /m)
    expect(touched(host, 'web3') || touched(host, 'web4')).toBe(false)
    expect(IDS.map(id => runsOn(host, id))).toEqual(IDS.map(() => BLUEPRINT))
  })

  test('counts those that were refused, and check mode foretells that', async () => {
    const host = await switchHost(IDS)
    host.outside('zfs', 'set', 'quota=2M', 'zroot/hosting/instances/web1/etc')
    const options = { ...all, error_budget: 0 }
    const told = await foretold(host, options).catch(error => error.report)
    const error = await failing(host, options)
    const expected = { web1: 'refused', web2: 'not_begun', web3: 'not_begun', web4: 'not_begun' }
    expect(outcomes(error.report)).toEqual(expected)
    expect(outcomes(told)).toEqual(expected)
  })

  test('without one, each has its own fate', async () => {
    const host = await switchHost(IDS)
    const [web1 = IDS[0], ...others] = unwell(host, ['web1', 'web3', 'web4'])
    const error = await failing(host, { ...all, instances: [web1, 'web2', ...others] })
    expect(outcomes(error.report)).toEqual({
      web1: 'rolled_back',
      web2: 'switched',
      web3: 'rolled_back',
      web4: 'rolled_back',
    })
  })
})

describe('a moment by which it must begin', () => {
  const seconds = (moment: string) => Date.parse(moment) / 1000

  test('that has passed when its turn comes leaves it as it is, and the task is well', async () => {
    const host = await switchHost(['web1', 'web2'])
    // Each look at the clock is ten seconds later, and the first instance looks many times.
    const now = clock('2026-11-22T12:00:00Z', 10_000)
    const not_after = seconds('2026-11-22T12:00:30Z')
    const report = await switched(host, { ...all, instances: ['web1', 'web2'].map(id => ({ id, not_after })) }, now)
    expect(outcomes(report)).toEqual({ web1: 'switched', web2: 'not_begun' })
    expect(report.state.instances.web2?.reason).toBe(
      'it is too late for it: it was to begin by 2026-11-22T12:00:30.000Z',
    )
    expect([runsOn(host, 'web1'), runsOn(host, 'web2')]).toEqual([NEXT, BLUEPRINT])
  })

  test('is nothing to one that was cut off: it may be down', async () => {
    const host = await switchHost()
    const dying = {
      ...host,
      async perform(step: Parameters<typeof host.perform>[0]) {
        if (host.performed.some(one => describeStep(one).endsWith('-r web1'))) throw new TypeError('killed')
        await host.perform(step)
      },
    }
    await switched(dying, { id: 'web1', blueprint: NEXT }).catch(() => undefined)
    expect(runsOn(host, 'web1')).toBeUndefined()
    await switched(host, { id: 'web1', blueprint: NEXT, not_after: 1, error_budget: 0 })
    expect(runsOn(host, 'web1')).toBe(NEXT)
  })
})
