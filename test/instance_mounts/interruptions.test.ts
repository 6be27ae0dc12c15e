/** instance_mounts, killed anywhere: the next run ends as one that was never disturbed. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PowerCut } from '../imitation/faults.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, instanceHost, startJail } from '../support/instance-host.ts'
import { applied, foretold, stateOf } from './runs.ts'

const options = {
  blueprint: BLUEPRINT,
  instances: [
    {
      id: 'web1',
      mounts: [{ path: 'home/files', shared: 'customer1' }],
      first_files: [
        { path: 'etc/rc.conf', content: 'hostname="web1"\n' },
        { path: 'etc/localtime', link: '/usr/share/zoneinfo/UTC' },
        { path: 'home/anna', directory: true, uid: 1001, gid: 1001 },
        { path: 'home/anna/keys', content: 'a key\n', mode: '0600', uid: 1001, gid: 1001 },
      ],
    },
    { id: 'web2', additional_writable: ['var/db/mysql'] },
  ],
}
const newHost = () => instanceHost({ ids: ['web1', 'web2'], parts: ['var-db-mysql'], shared: ['customer1'] })

/** All that matters of a host: files without their times, marks, mounts. */
function picture(host: FakeHost): unknown {
  const marks = host.outside(
    ...['zfs', 'get', '-r', '-H', '-o', 'name,value,source', 'bluejail:seeded,bluejail:blueprint', 'zroot/hosting'],
  ).stdout
  const mounts = host.outside('mount').stdout.split('\n').sort()
  const datasets = host
    .outside('zfs', 'list', '-H', '-r', '-o', 'name,mountpoint', 'zroot/hosting/instances')
    .stdout.split('\n')
    .filter(line => line.endsWith('\tlegacy'))
    .map(line => line.split('\t')[0] as string)
  const contents = datasets.map(dataset => {
    host.outside('mount', '-t', 'zfs', dataset, '/mnt')
    const tree = below(host, '/mnt')
    host.outside('umount', '/mnt')
    return [dataset, tree]
  })
  return { marks, mounts, contents, instances: below(host, '/hosting/instances') }
}

function below(host: FakeHost, path: string): unknown {
  const { files } = host.tree
  const { type, mode, uid, gid, links, flags } = files.status(path) ?? {}
  const inside =
    type === 'directory'
      ? Object.fromEntries((files.list(path) ?? []).map(name => [name, below(host, `${path}/${name}`)]))
      : type === 'file'
        ? files.bytes(path)?.toString()
        : files.target(path)
  return [type, mode, uid, gid, links, flags, inside]
}

const undisturbed = (async () => {
  const host = newHost()
  const report = await applied(host, options)
  return { picture: picture(host), state: report.state, steps: report.steps.length }
})()

async function runUntilDone(host: FakeHost, cuts: readonly number[]) {
  for (const changes of cuts) {
    host.machine.cutPowerAfter(changes)
    try {
      return await applied(host, options)
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
      if (!(cause instanceof PowerCut)) throw error
    } finally {
      host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
    }
    host.boot()
  }
  return applied(host, options)
}

test('after a loss of power at any moment', async () => {
  const { picture: expected, state } = await undisturbed
  let changes = 1
  for (let isCut = true; isCut; changes++) {
    const host = newHost()
    const before = host.lockHolders.length
    const report = await runUntilDone(host, [changes])
    isCut = host.lockHolders.length > before + 1
    expect(report.state, `cut after ${changes} changes`).toEqual(state)
    expect(picture(host), `cut after ${changes} changes`).toEqual(expected)
  }
  expect(changes).toBeGreaterThan(60)
})

test('after several, in any order', async () => {
  const { picture: expected } = await undisturbed
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 2, maxLength: 4 }), async cuts => {
      const host = newHost()
      await runUntilDone(host, cuts)
      expect(picture(host)).toEqual(expected)
    }),
    { numRuns: 25 },
  )
})

test('killed without a loss of power, what is left open is gone on with', async () => {
  const { picture: expected } = await undisturbed
  const host = newHost()
  host.machine.fault({
    program: 'tar',
    kind: 'kill',
    times: 1,
    when: args => args.includes('-xpf') && args.at(-1)?.endsWith('seed/var') === true,
  })
  await expect(applied(host, options)).rejects.toThrow(/'tar .*was ended by SIGKILL/)
  expect(host.outside('mount').stdout).toContain('seed/var ')

  const check = await foretold(host, options)
  const report = await applied(host, options)
  expect(report.steps).toEqual(check.steps)
  expect(picture(host)).toEqual(expected)
})

test('half a tree that we began is made a whole one, whatever its files are like', async () => {
  const { picture: expected } = await undisturbed
  const host = newHost()
  const dataset = 'zroot/hosting/instances/web1/etc'
  host.outside('zfs', 'set', 'bluejail:seeded=begun', `bluejail:blueprint=${BLUEPRINT}`, dataset)
  host.outside('mount', '-t', 'zfs', dataset, '/mnt')
  host.tree.mkdir('/mnt/ssh')
  host.tree.write('/mnt/rc.conf', 'host', 0o600)
  host.tree.files.setFlags('/mnt/rc.conf', ['schg'])
  host.outside('umount', '/mnt')
  await applied(host, options)
  expect(picture(host)).toEqual(expected)
})

describe('a copy that fails halfway', () => {
  test.each([
    [
      'the blueprint cannot be read',
      (args: readonly string[]) => args.includes('-cf'),
      'tar: etc: Input/output error\n',
    ],
    ['the dataset is full', (args: readonly string[]) => args.includes('-xpf'), 'tar: Disc quota exceeded\n'],
  ])('%s: it is no whole tree, and no instance starts from it', async (_what, when, stderr) => {
    const host = newHost()
    host.machine.fault({ program: 'tar', kind: 'exit', exit: 1, stderr, times: 1, when })
    await expect(applied(host, options)).rejects.toThrow(stderr.trim())
    const look = await foretold(host, options)
    const before = look.diff.before as { instances: Record<string, { seeded: string[]; fstab: string[] }> }
    const { web1, web2 } = before.instances
    expect([web1, web2].some(one => one?.seeded.length === 0 && one.fstab.length === 0)).toBe(true)

    await applied(host, options)
    expect(startJail(host, 'web1')).toMatchObject({ exit: 0 })
    expect(startJail(host, 'web2')).toMatchObject({ exit: 0 })
  })
})

test('what a run has left open is closed when it is done otherwise', async () => {
  const host = newHost()
  await applied(host, options)
  host.outside('mount', '-t', 'zfs', 'zroot/hosting/instances/web1/etc', '/hosting/instances/web1/seed/etc')
  const report = await applied(host, options)
  expect(report.steps).toEqual(['umount /hosting/instances/web1/seed/etc'])
  expect(stateOf(report).seeded).toHaveLength(8)
})
