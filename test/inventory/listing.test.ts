/** What instances are called, and what is read of Ansible's output. With hosts: ../ansible/instances-inventory.test.ts. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAnswers } from '../../inventory/ask.ts'
import { fleetOf } from '../../inventory/instances.ts'
import { groupNames, listingOf } from '../../inventory/listing.ts'
import type { Asked, Told } from '../../inventory/play.ts'

const told = (ids: readonly string[], more: Partial<Told> = {}): Told => ({
  instances: ids.map(id => ({ id })),
  defaults: {},
  path: '/hosting',
  groups: ['all', 'hosting'],
  connection: [],
  said: {},
  ...more,
})
const saying = (jails: readonly object[], datasets: readonly string[]): Asked => ({
  rc: 0,
  stdout: [
    JSON.stringify({ 'jail-information': { jail: jails } }),
    '',
    JSON.stringify({ mount: { mounted: [] } }),
    '',
    ...datasets,
  ].join('\r\n'),
})
const namesIn = (answers: Record<string, Told>) =>
  Object.keys(listingOf(fleetOf(new Map(Object.entries(answers))))._meta.hostvars).sort()

test('an instance is called by its id, and with its host where that could be another’s name', () => {
  expect(namesIn({ north: told(['web1', 'db1']), south: told(['mail1']) })).toEqual(['db1', 'mail1', 'web1'])
  expect(namesIn({ north: told(['web1', 'db1']), south: told(['web1']) })).toEqual(['db1', 'web1.north', 'web1.south'])
  expect(namesIn({ north: told(['south', 'hosting']), south: told([]) })).toEqual(['hosting.north', 'south.north'])
})

test('a jail that is none of ours is no instance, and what a host says is no template', () => {
  const jail = (name: string, path: string) => ({ name, path, dying: 'false' })
  const jails = [
    jail('web1', '/hosting/instances/web1/root'),
    jail('other', '/jails/other'),
    jail('{{ 1 }}', '/hosting/instances/{{ 1 }}/root'),
  ]
  expect(namesIn({ north: told([], { said: saying(jails, []) }) })).toEqual(['web1'])
})

test('an instance that nobody declares is listed also when it does not run, unless it has gone to another host', () => {
  const root = 'zroot/hosting/instances'
  const said = saying([], [`${root}\t-`, `${root}/old\t-`, `${root}/moved\t20261122T120000Z south`, `${root}/X.y\t-`])
  const { instances } = fleetOf(new Map([['north', told(['web1'], { said })]]))
  expect(instances).toEqual([
    { id: 'web1', host: 'north', running: false },
    { id: 'old', host: 'north', running: false },
  ])
  expect(fleetOf(new Map([['north', told(['web1'])]])).instances).toEqual([{ id: 'web1', host: 'north' }])
})

test('different traits have groups of their own, under names that Ansible takes', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: 'grapheme' })), traits => {
      const names = [...groupNames('customer', traits).values()]
      expect(new Set(names).size).toBe(traits.length)
      for (const name of names) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/)
    }),
  )
})

test('of what Ansible printed, the last task’s answers are read, and the rest is passed over', () => {
  const printed = [
    'north | CHANGED | rc=-1 >>',
    '',
    'south | UNREACHABLE! => {\n    "censored": "hidden",\n    "unreachable": true\n}',
    `north | SUCCESS => {\n    "changed": false,\n    "msg": ${JSON.stringify(JSON.stringify(told(['web1'])))}\n}`,
    'south | FAILED! => {\n    "msg": "it is undefined"\n}',
  ].join('\n')
  expect([...parseAnswers(printed)]).toEqual([
    ['north', told(['web1'])],
    ['south', { problem: 'it is undefined' }],
  ])
})
