/** Tasks of one run: check mode sees none of what those before would have made, and foretells every one's steps all the same. */
import { expect, test } from 'vitest'
import { apply, type Conduct, check, converge } from '../../modules/core/converge.ts'
import zfsAutosnap from '../../modules/zfs_autosnap.ts'
import zfsReplica from '../../modules/zfs_replica.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC1x'

const snapshots = [
  zfsAutosnap,
  { policies: [{ name: 'default', hourly: 24 }], datasets: [{ name: 'zroot/data', policy: 'default' }] },
] as const
const ownKey = [zfsReplica, { key: '/root/.ssh/replica' }] as const
const known = [zfsReplica, { known_hosts: [{ host: 'b', key: KEY }] }] as const
const copies = [
  zfsReplica,
  {
    replicas: [{ name: 'b', dataset: 'zroot/data', target: 'zroot/copies/a', to: { host: 'b' } }],
  },
] as const

test.each([
  ['snapshots, a key, copies', [snapshots, ownKey, copies]],
  ['copies before snapshots', [ownKey, copies, snapshots]],
  ['who is known, then copies', [known, copies]],
])('%s', async (_, tasks) => {
  const host = fakeFreeBSD({ datasets: { 'zroot/data': {} } })
  const stepsOf = async (conduct: Conduct) => {
    const steps: (readonly string[])[] = []
    for (const [definition, options] of tasks)
      steps.push((await converge(definition, options, host, conduct, circumstances)).steps)
    return steps
  }
  const foretold = await stepsOf(check)
  expect(await stepsOf(apply)).toEqual(foretold)
  expect((await stepsOf(apply)).flat()).toEqual([])
})
