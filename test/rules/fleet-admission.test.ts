/** Before each turn: who goes, who is held back, and when it stops. */
import { describe, expect, test } from 'vitest'
import { admit, type Bounds, budgetLeft, type Next, whyToStop } from '../../modules/rules/fleet/admission.ts'
import { type Met, outcomeTable } from '../../modules/rules/fleet/outcomes.ts'

const NOW = new Date('2026-11-22T12:00:00Z')
const BOUNDS: Bounds = { errorBudget: 1, maxDownPerHost: 2, maxDownPerCustomer: 1, isBack: false }
const next = (host: string, id: string, more: Partial<Next> = {}): Next => ({ host, id, ...more })
const met = (host: string, id: string, outcome: Met['outcome'], more: Partial<Met> = {}): Met => ({
  ...{ host, id, outcome },
  ...more,
})
const admitted = (all: readonly Next[], before: readonly Met[] = [], bounds: Partial<Bounds> = {}) => {
  const { hosts, held } = admit(all, before, { ...BOUNDS, ...bounds }, NOW)
  return { hosts: Object.fromEntries(hosts), held }
}

describe('who goes', () => {
  test('all, as many side by side as their host may lose', () => {
    expect(admitted([next('h1', 'a'), next('h1', 'b'), next('h1', 'c'), next('h2', 'd')])).toEqual({
      hosts: { h1: { ids: ['a', 'b', 'c'], atOnce: 2 }, h2: { ids: ['d'], atOnce: 1 } },
      held: [],
    })
  })

  test('not one whose customer may have lost another already; one that came back runs', () => {
    const all = [next('h2', 'b', { customer: 'Larsen' }), next('h2', 'c', { customer: 'Kite Club' }), next('h2', 'd')]
    const before = [
      met('h1', 'a', 'failed', { customer: 'Larsen', reason: 'its jail does not start.' }),
      met('h1', 'k', 'rolled_back', { customer: 'Kite Club' }),
    ]
    expect(admitted(all, before)).toEqual({
      hosts: { h2: { ids: ['c', 'd'], atOnce: 2 } },
      held: ['b on h2 is left as it is: of its customer a on h1 (FAILED: its jail does not start) may be down'],
    })
    expect(admitted(all, before, { maxDownPerCustomer: 2 }).held).toEqual([])
  })

  test('one whose customer’s or host’s other was refused or left: nobody has touched that', () => {
    const all = [next('h1', 'b', { customer: 'Larsen' }), next('h1', 'c')]
    const before = [
      met('h2', 'a', 'refused', { customer: 'Larsen', reason: 'its dataset is nearly full.' }),
      met('h1', 'd', 'refused'),
      met('h1', 'e', 'not_begun'),
    ]
    expect(admitted(all, before)).toEqual({ hosts: { h1: { ids: ['b', 'c'], atOnce: 2 } }, held: [] })
  })

  test('fewer where some of the host may be down, and none where as many are as may be', () => {
    const all = [next('h1', 'c'), next('h1', 'd')]
    expect(admitted(all, [met('h1', 'a', 'unknown')]).hosts).toEqual({ h1: { ids: ['c', 'd'], atOnce: 1 } })
    expect(admitted(all, [met('h1', 'a', 'unknown'), met('h1', 'b', 'failed')])).toEqual({
      hosts: {},
      held: ['c', 'd'].map(
        id => `${id} on h1 is left as it is: of its host a on h1 (UNKNOWN), b on h1 (FAILED) may be down`,
      ),
    })
  })

  test('not one whose window is closed by now, and none twice', () => {
    const at = (seconds: number) => NOW.getTime() + seconds * 1000
    const all = [
      ...[next('h1', 'a', { notBefore: at(60) }), next('h1', 'b', { notAfter: at(-1) })],
      ...[next('h1', 'c', { notBefore: at(-60), notAfter: at(60) }), next('h1', 'd')],
    ]
    expect(admitted(all, [met('h1', 'd', 'switched')])).toEqual({
      hosts: { h1: { ids: ['c'], atOnce: 1 } },
      held: [
        'a on h1 is left as it is: its maintenance window is not open yet',
        'b on h1 is left as it is: its maintenance window closes too early now',
        'd on h1 is left as it is: it went already',
      ],
    })
  })
})

describe('the error budget', () => {
  const before = [
    met('h1', 'a', 'switched'),
    met('h1', 'b', 'rolled_back', { reason: 'port 80 did not answer within 60 s.' }),
    met('h2', 'c', 'failed'),
  ]

  test('stops, naming what failed on any host', () => {
    expect(whyToStop(before, 57, BOUNDS)).toBe(
      'The update stops: 2 of 3 instances are not as asked for, and the error budget is 1: b on h1 (came back: port 80 did not answer within 60 s), c on h2 (FAILED). The 57 instances that would have followed are as they were. See to what stopped it, then run this again: it goes on where it was.',
    )
    expect(whyToStop(before, 57, { ...BOUNDS, errorBudget: 2 })).toBeUndefined()
  })

  test('counts whom it refused, and not those that were left as they were', () => {
    const all = [...before, met('h3', 'd', 'refused'), met('h3', 'e', 'not_begun'), met('h3', 'f', 'not_begun')]
    expect(whyToStop(all, 10, BOUNDS)).toMatch(
      /^The update stops: 3 of 4 instances .* d on h3 \(was refused\)\. The 12 instances that would have followed are as/,
    )
    expect(budgetLeft(all, BOUNDS)).toBe(0)
    expect(budgetLeft(all, { ...BOUNDS, errorBudget: 5 })).toBe(2)
  })

  test('on the way back, coming back is no error, and staying is', () => {
    expect(whyToStop(before, 0, { ...BOUNDS, isBack: true })).toMatch(
      /^The update stops: 2 of 3 .*: a on h1 \(switched\)/,
    )
  })
})

test('outages, a line each and in sum', () => {
  const between = { from: '2026Q4-php84@1', to: '2027Q1-php84@1' }
  const table = outcomeTable([
    met('h1', 'shop', 'switched', { ...between, outageSeconds: 3.24 }),
    met('h1', 'club', 'rolled_back', {
      from: between.from,
      to: between.from,
      outageSeconds: 12,
      reason: 'port 80 is closed',
    }),
    met('h2', 'kite', 'unknown'),
  ])
  expect(table).toEqual([
    'host  instance  outcome    blueprint                         outage',
    'h1    shop      switched   2026Q4-php84@1 -> 2027Q1-php84@1  3.2 s',
    'h1    club      came back  2026Q4-php84@1                    12.0 s  port 80 is closed',
    'h2    kite      UNKNOWN                                      -',
    '3 instances: 1 switched, 1 came back, 1 UNKNOWN; outage 3.2 s in the middle, 12.0 s at most',
  ])
  expect(outcomeTable([])).toEqual(['Nothing was switched.'])
})
