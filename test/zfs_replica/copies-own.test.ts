/** What a copy has and its source has not: how it is mounted, and the property by which its host's snapshots are taken. */
import { describe, expect, test } from 'vitest'
import { affairsOf, OWN_AFFAIR } from '../../modules/rules/replica/affairs.ts'
import { get, PUSH, type TwoHosts, twoHosts } from './two-hosts.ts'

const SOURCE = 'zroot/hosting/instances'
const COPY = 'backup/here/instances'
const POLICIES = '/usr/local/etc/bluejail/autosnap.json'

async function copied(more: object = {}): Promise<TwoHosts> {
  const hosts = twoHosts([{ ...PUSH, ...more }])
  hosts.here.outside('zfs', 'snapshot', '-r', `${SOURCE}@a`)
  expect((await hosts.run('run')).exit).toBe(0)
  return hosts
}

describe('a copy that would be mounted at boot', () => {
  test('is set not to be, and that is foretold', async () => {
    const hosts = await copied()
    hosts.there.outside('zfs', 'set', 'canmount=on', `${COPY}/web1/etc`)
    expect((await hosts.run('plan')).said).toEqual([
      expect.stringMatching(/: 3 current$/),
      `  ${SOURCE}/web1/etc: set ${COPY}/web1/etc not to be mounted at boot`,
    ])
    expect(await hosts.run('run')).toMatchObject({
      exit: 0,
      said: [expect.anything(), expect.stringMatching(/set it not/)],
    })
    expect(get(hosts.there, 'canmount', `${COPY}/web1/etc`)).toBe('noauto')
    expect((await hosts.run('run')).said).toEqual([expect.stringMatching(/: 3 current$/)])
  })

  test('also where it has diverged, as one that was seeded by hand may have', async () => {
    const hosts = await copied()
    hosts.there.outside('zfs', 'set', 'canmount=on', `${COPY}/web1/etc`)
    hosts.there.outside('zfs', 'set', 'readonly=off', `${COPY}/web1/etc`)
    hosts.there.outside('mount', '-t', 'zfs', `${COPY}/web1/etc`, '/mnt')
    hosts.there.tree.write('/mnt/foreign', 'x')
    hosts.there.outside('umount', '/mnt')
    hosts.there.outside('zfs', 'set', 'readonly=on', `${COPY}/web1/etc`)
    hosts.here.outside('zfs', 'snapshot', '-r', `${SOURCE}@b`)
    const foretold = await hosts.run('plan', '--json')
    const { exit, replicas } = await hosts.run('run', '--json')
    expect([exit, replicas[0]?.datasets[2]]).toMatchObject([
      1,
      { state: 'diverged', why: expect.stringMatching(/was changed/) },
    ])
    expect(foretold.replicas[0]?.datasets[2]).toMatchObject({ state: 'diverged', why: replicas[0]?.datasets[2]?.why })
    expect(get(hosts.there, 'canmount', `${COPY}/web1/etc`)).toBe('noauto')
  })

  test('is left where it is in use in place of its source', async () => {
    const hosts = await copied()
    hosts.there.outside('zfs', 'set', 'canmount=on', `${COPY}/web1/etc`)
    hosts.there.outside('zfs', 'set', 'readonly=off', `${COPY}/web1/etc`)
    expect((await hosts.run('run')).said).toEqual([expect.stringMatching(/: 3 current$/)])
    expect(get(hosts.there, 'canmount', `${COPY}/web1/etc`)).toBe('on')
  })
})

describe('the property by which datasets say their policy', () => {
  const named = (property: string) => JSON.stringify({ format: 1, property, policies: [] })

  test('stays where it is, whatever either host calls it', async () => {
    const hosts = twoHosts()
    hosts.here.outside(
      'zfs',
      'set',
      'here:snap=hourly',
      'there:snap=daily',
      'bluejail:autosnap=x',
      'mine:note=y',
      `${SOURCE}/web1`,
    )
    hosts.here.tree.write(POLICIES, named('here:snap'))
    hosts.there.tree.mkdir('/usr/local/etc/bluejail')
    hosts.there.tree.write(POLICIES, named('there:snap'))
    hosts.here.outside('zfs', 'snapshot', '-r', `${SOURCE}@a`)
    expect((await hosts.run('run')).exit).toBe(0)
    const seen = ['here:snap', 'there:snap', 'bluejail:autosnap', 'mine:note'].map(one =>
      get(hosts.there, one, `${COPY}/web1`),
    )
    expect(seen).toEqual(['-', '-', '-', 'y'])
  })

  test('is found in the policy file, if that has one', () => {
    expect(affairsOf(named('acme:snap'))).toEqual([...OWN_AFFAIR, 'acme:snap'])
    for (const text of [
      undefined,
      '',
      '{',
      'null',
      '{"property": 5}',
      named('x y:z'),
      named('-x'),
      named('bluejail:autosnap'),
    ])
      expect(affairsOf(text)).toEqual(OWN_AFFAIR)
  })
})
