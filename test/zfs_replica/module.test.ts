/** What is peculiar to the module: the rest is told of every module by its examples. */
import { expect, test } from 'vitest'
import { apply, check, converge } from '../../modules/core/converge.ts'
import { CommandFailed } from '../../modules/core/errors.ts'
import type { QueryOptions } from '../../modules/core/host.ts'
import type { Command } from '../../modules/core/step.ts'
import definition from '../../modules/zfs_replica.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { withProgram } from '../support/replica-host.ts'

const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }
const SECOND = { name: 'second', dataset: 'zroot/data', target: 'zroot/copy/data' }
const task = (more: object = {}) => ({ replicas: [SECOND], run: true, ...more })

const prepared = () =>
  withProgram(
    fakeFreeBSD({
      datasets: { 'zroot/data': {}, 'zroot/data/www': {}, 'zroot/copy': { mountpoint: 'none' } },
      commands: [['zfs', 'snapshot', '-r', 'zroot/data@a']],
    }),
  )
const run = (host: ReturnType<typeof prepared>, options: object) =>
  converge(definition, options, host, apply, circumstances)

test('a run replicates, says what copies have, and is nothing the second time', async () => {
  const host = prepared()
  const report = await run(host, task())
  expect(report.steps.at(-1)).toBe('/usr/local/libexec/bluejail/replicate run second')
  expect(report.state).toMatchObject({ replicas: { second: { datasets: 2, current: 2 } } })
  expect((await run(host, task())).changed).toBe(false)
  host.outside('zfs', 'snapshot', '-r', 'zroot/data@b')
  expect((await run(host, task())).steps).toEqual(['/usr/local/libexec/bluejail/replicate run second'])
})

test('a copy that cannot be continued fails the task, with the reason', async () => {
  const host = prepared()
  await run(host, task())
  host.outside('zfs', 'set', 'readonly=off', 'zroot/copy/data/www')
  host.outside('zfs', 'snapshot', '-r', 'zroot/data@b')
  await expect(run(host, task())).rejects.toThrow(/second: zroot\/copy\/data\/www is not read-only/)
  const seen = host.outside('zfs', 'list', '-H', '-t', 'snapshot', '-o', 'name', 'zroot/copy/data').stdout
  expect(seen).toBe('zroot/copy/data@a\nzroot/copy/data@b\n')
})

test('what the program warns of is said, though all copies are as they should be', async () => {
  const host = fakeFreeBSD({
    datasets: { 'zroot/data': {}, 'zroot/copy': { mountpoint: 'none' } },
    commands: [['zfs', 'snapshot', 'zroot/data@a']],
  })
  const { perform } = host
  host.perform = async step => {
    if (step.kind === 'run' && step.command[1] === 'hold') throw new CommandFailed('nothing can be held today')
    return perform(step)
  }
  const report = await run(withProgram(host), task())
  expect(report.state).toMatchObject({ replicas: { second: { datasets: 1, current: 1 } } })
  expect(report.warnings).toEqual(['nothing can be held today'])
})

test('how a host is reached is set up before it is asked; one that is not reached fails the run', async () => {
  const known = '/usr/local/etc/bluejail/replicate.known_hosts'
  const host = prepared()
  const { query } = host
  Object.assign(host, {
    query: (command: Command, options?: QueryOptions) => {
      if (command[0] !== 'ssh') return query(command, options)
      const isKnown = host.tree.read(known) !== undefined
      throw CommandFailed.exited(command, {
        exit: 255,
        stdout: '',
        stderr: isKnown ? 'Connection refused' : 'Host key verification failed.\n',
      })
    },
  })
  const far = { ...SECOND, name: 'far', to: { host: 'b', known_hosts: known } }
  const key = { host: 'b', key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB7f' }
  await expect(run(host, task({ replicas: [far], known_hosts: [key] }))).rejects.toThrow(/replicate run far' failed/)
  expect(host.tree.read(known)).toContain(key.key)
})

test('a snapshot is taken first where that is asked, each time', async () => {
  const host = prepared()
  await run(host, task())
  const report = await run(host, task({ snapshot: true }))
  expect(report.steps).toEqual(['/usr/local/libexec/bluejail/replicate run --snapshot second'])
  expect(host.outside('zfs', 'list', '-H', '-t', 'snapshot', '-o', 'name', 'zroot/copy/data').stdout).toMatch(
    /@replica-20261122T120000Z/,
  )
})

test('what an earlier task would have made is foretold, and missed when it is not there', async () => {
  const host = withProgram(fakeFreeBSD())
  const foretold = await converge(definition, task(), host, check, circumstances)
  expect(foretold.warnings).toEqual(['second: there is no dataset zroot/data. Planned as if it were there.'])
  await expect(run(host, task())).rejects.toThrow(/there is no dataset zroot\/data/)
})

test.each([
  [{ replicas: [] }, /there are no 'replicas'/],
  [{ replicas: [{ ...SECOND, name: 'Über' }] }, /cannot be a replica's name/],
  [{ replicas: [SECOND, SECOND] }, /second: a replica's name is given twice/],
  [{ replicas: [SECOND, { ...SECOND, name: 'other' }] }, /second and other have the same copy/],
  [{ replicas: [{ ...SECOND, target: 'zroot/data/copy' }] }, /the copy would copy itself/],
  [{ replicas: [{ ...SECOND, to: 'b', from: 'c' }] }, /give `to` or `from`/],
  [{ replicas: [{ ...SECOND, to: '-oProxyCommand=id' }] }, /cannot be a host/],
  [{ replicas: [{ ...SECOND, to: { host: 'b', user: '-x' } }] }, /cannot be a login/],
  [{ replicas: [{ ...SECOND, to: { host: 'b', key: 'relative' } }] }, /no absolute path/],
  [{ replicas: [{ ...SECOND, dataset: 'a@b' }] }, /cannot be a dataset/],
  [{ replicas: [{ ...SECOND, bandwidth: 'much' }] }, /no number of bytes/],
  [{ replicas: [SECOND], run: true, only: ['third'] }, /there is no replica third/],
])('refused in words: %j', async (options, reason) => {
  await expect(converge(definition, options, prepared(), check, circumstances)).rejects.toThrow(reason)
})
