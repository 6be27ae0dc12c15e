import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  changedVariables,
  heedingOrder,
  orderWarnings,
  plannedList,
  refuseHidingOthers,
} from '../../modules/rules/jail/list.ts'
import { type InstanceOptions, requestsOf } from '../../modules/rules/jail/requests.ts'

const requests = (...instances: ({ id: string } & InstanceOptions)[]) => requestsOf({ parallel: 4, instances })
const settings = { parallelStart: undefined, reverseStop: undefined }
const rcConf = (values: Record<string, string>) => new Map(Object.entries(values))

describe('jail_list', () => {
  test.each<[string, string, ({ id: string } & InstanceOptions)[], string]>([
    ['a new one comes last', 'a b', [{ id: 'web1' }], 'a b web1'],
    ['one that is there keeps its place', 'web1 a', [{ id: 'web1' }], 'web1 a'],
    ['boot: false takes it out', 'a web1 b', [{ id: 'web1', boot: false }], 'a b'],
    ['absent takes it out', 'a web1 b', [{ id: 'web1', state: 'absent' }], 'a b'],
    [
      'live-6: one that must wait goes behind the other',
      'web1 x db1 y',
      [{ id: 'web1', after: ['db1'] }, { id: 'db1' }],
      'x db1 web1 y',
    ],
    ['live-6: also behind one that is not of this task', 'web1 db1 x', [{ id: 'web1', after: ['db1'] }], 'db1 web1 x'],
    ['what is in order stays', 'db1 x web1', [{ id: 'web1', after: ['db1'] }, { id: 'db1' }], 'db1 x web1'],
    ['new ones in the order of starting', 'x', [{ id: 'web1', after: ['db1'] }, { id: 'db1' }], 'x db1 web1'],
    ['a name that is there twice is there once', 'a web1 a', [{ id: 'web1' }], 'a web1'],
  ])('%s', (_title, before, instances, after) => {
    expect(plannedList(before.split(' '), requests(...instances)).join(' ')).toBe(after)
  })

  test('names of others stay and keep their order, and a second time nothing moves', () => {
    const name = fc.stringMatching(/^[a-z]{1,2}$/)
    fc.assert(
      fc.property(
        fc.uniqueArray(name),
        fc.uniqueArray(name, { minLength: 1 }),
        fc.array(fc.boolean()),
        (before, ids, boots) => {
          const instances = ids.map((id, index) => ({
            id,
            boot: boots[index] ?? true,
            after: ids.slice(0, index).slice(-2),
          }))
          const after = plannedList(before, requests(...instances))
          const others = (names: readonly string[]) => names.filter(one => !ids.includes(one))
          expect(others(after)).toEqual(others(before))
          expect(plannedList(after, requests(...instances))).toEqual(after)
          const started = instances.filter(({ boot }) => boot).map(({ id }) => id)
          expect(after.filter(one => ids.includes(one))).toHaveLength(started.length)
          for (const { id, after: earlier } of instances)
            for (const other of earlier)
              if (after.includes(id)) expect(after.indexOf(other)).toBeLessThan(after.indexOf(id))
        },
      ),
    )
  })
})

describe('rc.conf', () => {
  test('only what differs is written', () => {
    expect([
      ...changedVariables(rcConf({ jail_list: 'web1', jail_enable: 'yes' }), requests({ id: 'web1' }), settings),
    ]).toEqual([])
    expect([
      ...changedVariables(rcConf({}), requests({ id: 'web1' }), { parallelStart: true, reverseStop: false }),
    ]).toEqual([
      ['jail_list', 'web1'],
      ['jail_enable', 'YES'],
      ['jail_parallel_start', 'YES'],
    ])
  })

  test('an instance that does not start at boot needs no jails at boot', () => {
    expect([
      ...changedVariables(rcConf({ jail_enable: 'NO' }), requests({ id: 'web1', boot: false }), settings),
    ]).toEqual([])
  })

  test('jail-2: a list would keep the jails of /etc/jail.conf from starting, which is refused', () => {
    const changes = new Map([['jail_list', 'web1']])
    const refuse = (values: Record<string, string>, hasConf: boolean) => () =>
      refuseHidingOthers(rcConf(values), changes, hasConf)
    expect(refuse({ jail_enable: 'YES' }, true)).toThrow(
      /jail_list in rc.conf is empty, so the host starts all jails of \/etc\/jail.conf/,
    )
    expect(refuse({ jail_enable: 'YES' }, false)).not.toThrow()
    expect(refuse({ jail_enable: 'NO' }, true)).not.toThrow()
    expect(refuse({ jail_enable: 'YES', jail_list: 'other' }, true)).not.toThrow()
  })

  test('all start at once at boot unless one comes after another, of this task or not', () => {
    const wish = { parallelStart: true, reverseStop: undefined }
    const atOnce = (boots: string[], after: Record<string, string[]>) =>
      heedingOrder(wish, boots, new Map(Object.entries(after))).parallelStart
    expect(atOnce(['db1', 'web1'], {})).toBe(true)
    expect(atOnce(['db1', 'web1'], { web1: ['db1'] })).toBe(false)
    expect(atOnce(['db1'], { web1: ['db1'] })).toBe(true)
    expect(heedingOrder(settings, ['web1'], new Map([['web1', ['db1']]]))).toEqual(settings)
  })

  test('what `after` is worth at boot is told', () => {
    const ordered = requests({ id: 'web1', after: ['db1'] }, { id: 'db1' })
    expect(orderWarnings(rcConf({ jail_reverse_stop: 'YES' }), ordered, settings)).toEqual([])
    expect(orderWarnings(rcConf({ jail_parallel_start: 'YES' }), ordered, settings)).toEqual([
      expect.stringContaining('jail_parallel_start is YES'),
    ])
    expect(orderWarnings(rcConf({}), requests({ id: 'web1' }), settings)).toEqual([])
  })
})
