/** A replica that is made no more leaves nothing behind for which snapshots would be spared. */
import { describe, expect, test } from 'vitest'
import { apply, check, converge } from '../../modules/core/converge.ts'
import definition from '../../modules/zfs_replica.ts'
import { type FakeHost, fakeFreeBSD } from '../support/fake-freebsd.ts'
import { withProgram } from '../support/replica-host.ts'
import { PUSH, twoHosts } from './two-hosts.ts'

const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }
const NEAR = { name: 'near', dataset: 'zroot/data', target: 'zroot/near' }
const FAR = { name: 'far', dataset: 'zroot/data', target: 'zroot/far' }
const marksOn = (host: FakeHost) =>
  host
    .outside('zfs', 'list', '-H', '-t', 'bookmark', '-o', 'name')
    .stdout.split('\n')
    .filter(Boolean)
    .map(line => line.replace(/\d{5,}/, 'GUID'))

async function replicated() {
  const host = withProgram(
    fakeFreeBSD({ datasets: { 'zroot/data/www': {} }, commands: [['zfs', 'snapshot', '-r', 'zroot/data@a']] }),
  )
  const run = (options: object, conduct = apply) => converge(definition, options, host, conduct, circumstances)
  await run({ replicas: [NEAR, FAR], run: true })
  expect(marksOn(host)).toHaveLength(4)
  return { host, run }
}

describe('the module', () => {
  test('takes away the bookmarks of a replica that is not among those asked for any more, and foretells that', async () => {
    const { host, run } = await replicated()
    const foretold = await run({ replicas: [FAR] }, check)
    const { steps } = await run({ replicas: [FAR] })
    expect(steps).toEqual(foretold.steps)
    expect(steps.filter(step => step.startsWith('zfs')).map(step => step.replace(/\d{5,}/, 'GUID'))).toEqual([
      "zfs destroy 'zroot/data#replica_near_GUID'",
      "zfs destroy 'zroot/data/www#replica_near_GUID'",
    ])
    expect(marksOn(host)).toEqual(['zroot/data#replica_far_GUID', 'zroot/data/www#replica_far_GUID'])
    expect((await run({ replicas: [FAR] })).steps).toEqual([])
  })

  test('gives them to a replica of the same that has another name: an increment may stand on nothing else', async () => {
    const { host, run } = await replicated()
    host.outside('zfs', 'snapshot', '-r', 'zroot/data@b')
    host.outside('zfs', 'destroy', '-r', 'zroot/data@a')
    await run({ replicas: [{ ...FAR, name: 'distant' }, NEAR], run: true })
    const marks = new Set(marksOn(host).filter(mark => !mark.includes('near')))
    expect([...marks]).toEqual(['zroot/data#replica_distant_GUID', 'zroot/data/www#replica_distant_GUID'])
    expect(host.outside('zfs', 'list', '-H', '-t', 'snapshot', '-o', 'name', 'zroot/far').stdout).toContain('@b')
  })

  test('also where there are to be none, and those that were cut off have left nothing either', async () => {
    const { host, run } = await replicated()
    host.tree.write('/var/db/bluejail-replicate-near.unsettled', '')
    await run({ state: 'absent' })
    expect(marksOn(host)).toEqual([])
    expect(host.tree.lstat('/var/db/bluejail-replicate-near.unsettled')).toBeUndefined()
    expect(host.tree.lstat('/usr/local/libexec/bluejail/replicate')).toBeUndefined()
    expect((await run({ state: 'absent' })).steps).toEqual([])
  })

  test('leaves those on what the replica still has, where it has become smaller', async () => {
    const { host, run } = await replicated()
    await run({ replicas: [FAR, { ...NEAR, dataset: 'zroot/data/www' }] })
    expect(marksOn(host).filter(mark => mark.includes('near'))).toEqual(['zroot/data/www#replica_near_GUID'])
  })

  test('keeps the program where other hosts log in by it', async () => {
    const { host, run } = await replicated()
    const login = { user: 'b', dataset: 'zroot/far', public_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC1x'] }
    await run({ logins: [login] })
    await run({ state: 'absent' })
    expect(host.tree.lstat('/usr/local/libexec/bluejail/replicate')).toBeDefined()
    expect(host.tree.lstat('/usr/local/etc/cron.d/bluejail-replicate')).toBeUndefined()
    expect((await run({ state: 'absent' })).steps).toEqual([])
    await run({ logins: [{ user: 'b', dataset: 'zroot/far', state: 'absent' }] })
    await run({ state: 'absent' })
    expect(host.tree.lstat('/usr/local/libexec/bluejail/replicate')).toBeUndefined()
  })

  test('a source that does not answer is no reason to go on replicating it', async () => {
    const { host, run } = await replicated()
    const pulled = { ...NEAR, from: 'gone.example' }
    host.tree.write('/usr/local/etc/bluejail/replicate.json', JSON.stringify({ format: 1, replicas: [pulled, FAR] }))
    const { warnings, steps } = await run({ replicas: [FAR] })
    expect(warnings).toEqual([
      expect.stringMatching(
        /^Bookmarks of the replica near stay on gone.example:zroot\/data: .*'replicate forget near'/,
      ),
    ])
    expect(steps).toContain('write /usr/local/etc/bluejail/replicate.json')
  })
})

describe('replicate forget', () => {
  test('takes away what is left of replicas that nobody names any more', async () => {
    const hosts = twoHosts()
    hosts.here.outside('zfs', 'snapshot', '-r', `${PUSH.dataset}@a`)
    await hosts.run('run')
    hosts.here.outside('zfs', 'bookmark', `${PUSH.dataset}@a`, `${PUSH.dataset}#mine`)
    const file = '/usr/local/etc/bluejail/replicate.json'
    expect(await hosts.run('forget', 'off')).toMatchObject({
      exit: 2,
      said: [expect.stringMatching(/this host makes that/)],
    })
    hosts.here.tree.write(file, JSON.stringify({ format: 1, replicas: [] }))
    expect(await hosts.run('forget', 'off')).toEqual({ exit: 0, said: ['off: 3 bookmark(s) are gone.'], replicas: [] })
    expect(marksOn(hosts.here)).toEqual([`${PUSH.dataset}#mine`])
    expect(await hosts.run('forget')).toMatchObject({ exit: 2, said: [expect.stringMatching(/say which replica/)] })
    expect(await hosts.run('forget', '../x')).toMatchObject({ exit: 2 })
  })

  test('waits for nobody who is at it', async () => {
    const hosts = twoHosts([])
    await hosts.here.lock('somebody', 'off')
    expect(await hosts.run('forget', 'off')).toMatchObject({ exit: 2, said: [expect.stringMatching(/somebody/)] })
  })
})
