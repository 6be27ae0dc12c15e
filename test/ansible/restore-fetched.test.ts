/** What restore.yml makes of what is there of a copy that it fetches. Nothing is asked of any host. */
import { describe, expect, test } from 'vitest'
import { receive, sendSnapshot } from '../../modules/freebsd/zfs-send.ts'
import { NOT_RECEIVED } from '../../modules/rules/restore/datasets.ts'
import { cores } from '../support/ansible.ts'
import { evaluated } from '../support/variables.ts'

const OWN = 'zroot/hosting/instances/web1'
const FETCHED = 'zroot/hosting/arrived/web1'

describe.each(cores)('ansible-core %s', core => {
  const told = (names: readonly string[], origins: Readonly<Record<string, string>>) =>
    evaluated(core, names, {
      inventory: { instances: [{ id: 'web1' }] },
      files: ['playbooks/vars/restore.yml'],
      vars: {
        instance: 'web1',
        restore_copy_host: 'hamburg2',
        restore_listed: {
          stdout_lines: Object.entries(origins).map(([name, origin]) => `${name}\t${origin}\r`),
        },
      },
    })
  const BEGUN = ['restore_begun', 'restore_leaning', 'restore_is_here']

  test('it is received as by zfs_replica, so that it still says what it was filled from', async () => {
    const { restore_receiving } = (await told(['restore_receiving'], {})) as { restore_receiving: string }
    const received = receive('', { type: 'filesystem', without: NOT_RECEIVED }).filter(
      word => word !== '-s' && word !== '',
    )
    expect(restore_receiving.split(' ')).toEqual(received)
    expect(sendSnapshot('')[2]).toMatch(/^-\w*p/)
  })

  test.each([
    ['nothing', {}],
    [
      'what was exchanged, and what is none of this',
      {
        [`${OWN}/etc`]: '-',
        [`${OWN}/home-restoring`]: `${OWN}/home@a`,
        [`${OWN}/home-restored-20261120T130000Z`]: `${OWN}/home@a`,
        [`${FETCHED}/etc`]: `${OWN}/etc@a`,
      },
    ],
  ])('%s: it is fetched anew', async (_, origins) => {
    expect(await told(BEGUN, origins)).toEqual({ restore_begun: [], restore_leaning: [], restore_is_here: true })
  })

  test('half exchanged: it goes on with what was fetched then', async () => {
    const origins = {
      [`${OWN}/etc`]: '-',
      [`${OWN}/home-restoring`]: '-',
      [`${OWN}/tmp-restoring`]: `${FETCHED}/tmp@a`,
      [FETCHED]: '-',
      [`${FETCHED}/etc`]: `${OWN}/etc@a`,
      [`${FETCHED}/home`]: `${OWN}/home-restoring@a`,
      [`${FETCHED}/tmp`]: '-',
    }
    expect(await told(BEGUN, origins)).toEqual({
      restore_begun: [`${OWN}/home-restoring`, `${OWN}/tmp-restoring`],
      restore_leaning: [],
      restore_is_here: true,
    })
  })

  test('what a run has left beside, cut off before it stood alone, is to be promoted', async () => {
    const beside = `${OWN}/home-restored-20261120T130000Z`
    expect(await told(BEGUN, { [beside]: `${FETCHED}/home@a`, [`${FETCHED}/home`]: '-' })).toMatchObject({
      restore_begun: [],
      restore_leaning: [beside],
    })
  })
})
