/** A switch that is not at its end: what hosting_info tells of it, and how to go on. */
import { describe, expect, test } from 'vitest'
import type { FakeHost } from './support/fake-freebsd.ts'
import { addBlueprint, BLUEPRINT } from './support/instance-host.ts'
import { describeBlueprint, told, toldHost } from './support/told-host.ts'

const NEXT = '2027Q1-php84'
const JOURNAL = {
  format: 1,
  phase: 'merging',
  from: { blueprint: BLUEPRINT, revision: 1 },
  to: { blueprint: NEXT, revision: 1 },
  bases: { 'zroot/hosting/instances/web1/etc': { blueprint: BLUEPRINT, revision: 1 } },
}
const journalOf = (id: string) => `/hosting/instances/${id}/journal.json`

async function switchingHost(): Promise<FakeHost> {
  const host = await toldHost()
  addBlueprint(host, NEXT)
  describeBlueprint(host, NEXT)
  host.tree.write(journalOf('web1'), JSON.stringify(JOURNAL))
  return host
}
const SENTENCE = (id: string) =>
  `${id} is in the middle of a switch from ${BLUEPRINT} to ${NEXT} (merging): if nobody is at it, it was cut off, and update.yml, or blueprint_switch with \`state: resumed\`, brings it to its end`

test('where it comes from, where it goes to, how far it is, and how it comes to its end', async () => {
  const { state } = await told(await switchingHost())
  expect(state.instances.web1?.switch).toEqual({ phase: 'merging', from: BLUEPRINT, to: NEXT })
  expect(state.not_as_configured).toEqual([SENTENCE('web1')])
  expect(state.instances.db1).not.toHaveProperty('switch')
  expect(state.blueprints[NEXT]?.ways_back).toEqual(['web1'])
})

describe('a journal that cannot be read costs what is told of its own instance alone', () => {
  const OWN = journalOf('db1')
  test.each<[string, (host: FakeHost) => void, RegExp]>([
    ['no JSON', host => host.tree.write(OWN, '{'), /^\/hosting\/instances\/db1\/journal\.json is no journal/],
    ['half of one', host => host.tree.write(OWN, '{"format":1,"phase":"merging"}'), /is no journal of a switch/],
    [
      'of a later release',
      host => host.tree.write(OWN, '{"format":9,"steps":[]}'),
      /has format 9, and this collection/,
    ],
    ['a directory', host => host.tree.mkdir(OWN), /EISDIR/],
    [
      'a link, which is not followed',
      host => {
        host.tree.write('/root/secret', JSON.stringify({ ...JOURNAL, phase: 'finishing' }))
        host.tree.symlink(OWN, '/root/secret')
      },
      /journal\.json is a symbolic link/,
    ],
  ])('%s', async (_, plant, problem) => {
    const host = await switchingHost()
    plant(host)
    const { state } = await told(host)
    expect(state.instances.db1).not.toHaveProperty('switch')
    expect(state.not_as_configured).toEqual([expect.stringMatching(problem), SENTENCE('web1')])
  })
})
