/** instance_mounts with several instances, of which one's customer stands in the way: the others get what is theirs. */
import { beforeEach, describe, expect, test } from 'vitest'
import { GoalMissed } from '../../modules/core/errors.ts'
import type { Fault } from '../imitation/faults.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, instanceHost, lookInto, mountedIn, startJail } from '../support/instance-host.ts'
import { amend, recorded, seal } from './amended.ts'
import { applied, foretold, stateOf } from './runs.ts'

const web1 = { id: 'web1', blueprint: BLUEPRINT }
const both = { instances: ['web1', 'web2'], blueprint: BLUEPRINT }
const ROOT = '/hosting/instances/web1/root'
let host: FakeHost
beforeEach(async () => {
  host = instanceHost({ ids: ['web1', 'web2'], shared: ['customer1'] })
  await seal(host, 1, () => {})
  await applied(host, web1)
})

const start = (id = 'web1') => expect(startJail(host, id)).toMatchObject({ exit: 0 })
const failing = (run: Promise<unknown>): Promise<GoalMissed> =>
  run.then(
    report => Promise.reject(new Error(`it did not fail: ${JSON.stringify(report)}`)),
    error => error,
  )

describe('a link of the one in place of a new mount point', () => {
  const shared = { ...both, mounts: [{ path: 'home/files', shared: 'customer1' }] }

  test.each([true, false])('is his own failure (running: %s)', async isRunning => {
    host.tree.mkdir('/victim')
    const plant = (home: string) => host.tree.symlink(`${home}/files`, '/victim')
    if (isRunning) start()
    if (isRunning) plant(`${ROOT}/home`)
    else lookInto(host, 'zroot/hosting/instances/web1/home', plant)
    const fstab = host.tree.read('/hosting/instances/web1/fstab')

    const check = isRunning ? await failing(foretold(host, shared)) : undefined
    const error = await failing(applied(host, shared))
    expect(error).toBeInstanceOf(GoalMissed)
    expect(error.message).toMatch(/^\S+\/home\/files is a symbolic link|^web1: \S+\/home\/files is a symbolic link/)
    expect(error.message).not.toMatch(/web2/)
    expect(host.tree.read('/hosting/instances/web2/fstab')).toContain('home/files')
    expect(host.tree.read('/hosting/instances/web1/fstab')).toBe(fstab)
    expect(host.outside('mount').stdout).not.toMatch(/victim|seed/)
    if (check !== undefined) {
      expect(check.message).toBe(error.message)
      expect(check.report?.steps).toEqual(error.report?.steps)
    }
    // What becomes of whom is told of a failed run, too.
    expect(stateOf(error.report as never, 'web1').fstab).toHaveLength(13)
    expect(stateOf(error.report as never, 'web2').fstab).toHaveLength(14)
    start('web2')
    expect(mountedIn(host, 'web2')).toContain('home/files')
  })

  test('planted while it is looked at, is no obstacle to the others either', async () => {
    start()
    const home = `${ROOT}/home/files`
    host.tree.mkdir(home)
    const racing = {
      ...host,
      async list(path: string, beneath?: string) {
        if (path === home) {
          host.tree.remove(home)
          host.tree.symlink(home, '/victim')
        }
        return host.list(path, beneath)
      },
    }
    expect((await failing(applied(racing, shared))).message).toMatch(/^web1: .*home\/files is a symbolic link/)
    expect(host.tree.read('/hosting/instances/web2/fstab')).toContain('home/files')
  })

  test('of many, so many are told', async () => {
    const ids = Array.from({ length: 14 }, (_, index) => `web${index}`)
    const full = instanceHost({ ids })
    for (const id of ids) full.outside('zfs', 'set', 'mountpoint=/x', `zroot/hosting/instances/${id}/etc`)
    const error = await failing(applied(full, { instances: ids, blueprint: BLUEPRINT }))
    expect(error.message.match(/^web0: |(?<= )web\d+: /g)).toHaveLength(10)
    expect(error.message).toMatch(/And 18 more\.$/)
  })
})

describe('what an amendment adds, and a customer keeps out', () => {
  const sentence = `what the amendment of ${BLUEPRINT} adds is not all in it, and is tried again by the next run: `
  const inside = (kind: Fault['kind']): Fault =>
    ({ program: 'jexec', when: (args: readonly string[]) => args[0] === 'web1', kind, exit: 1, times: 1 }) as Fault
  beforeEach(async () => {
    await applied(host, both)
    start()
    start('web2')
    await amend(host)
  })

  test.each<[Fault['kind'], string]>([
    ['exit', "'jexec web1 tar -xpkf - --numeric-owner -C /' failed with exit status 1"],
    ['kill', "'jexec web1 tar -xpkf - --numeric-owner -C /' was ended by SIGKILL"],
    [
      'hang',
      'did not end within 120 s and was stopped. See what holds it up (its customer may have stopped tar(1) there',
    ],
  ])('(%s) is told and tried again; the others have it', async (kind, words) => {
    host.machine.fault(inside(kind))
    const report = await applied(host, both)
    expect(report.warnings).toEqual([expect.stringContaining(`web1: ${sentence}`)])
    expect(report.warnings[0]).toContain(words)
    expect(stateOf(report).pending).toEqual([expect.stringContaining(sentence)])
    expect(stateOf(report, 'web2').pending).toEqual([])
    expect(recorded(host, 'usr-local-etc')[0]).toBe('1')
    expect(host.tree.read('/hosting/instances/web2/root/usr/local/etc/php/ext-20-gd.ini')).toBe('extension=gd.so\n')

    const again = await applied(host, both)
    expect(again).toMatchObject({ changed: true, warnings: [] })
    expect(recorded(host, 'usr-local-etc')[0]).toBe('2')
    expect(await applied(host, both)).toMatchObject({ changed: false })
  })
})

test('a full quota of one that is stopped keeps out what an amendment adds, and nothing stays open', async () => {
  await applied(host, both)
  await amend(host)
  host.machine.fault({
    program: 'tar',
    when: args => args.includes('-xpkf') && args.some(word => word.includes('/web1/')),
    kind: 'exit',
    exit: 1,
    stderr: 'tar: Write failed: Disc quota exceeded\n',
    times: 1,
  })
  const report = await applied(host, both)
  expect(report.warnings).toEqual([expect.stringMatching(/^web1: what the amendment .* Disc quota exceeded/)])
  expect(host.outside('mount').stdout).not.toContain('/seed/')
  expect(stateOf(report, 'web2').pending).toEqual([])
  expect(await applied(host, both)).toMatchObject({ changed: true, warnings: [] })
  expect(await applied(host, both)).toMatchObject({ changed: false })
})
