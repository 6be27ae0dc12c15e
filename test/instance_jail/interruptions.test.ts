/** Cut off after any step, by a loss of power or by being killed: the next run ends where an undisturbed one does. */
import { describe, expect, test } from 'vitest'
import type { Step } from '../../modules/core/step.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { converged, jailHost, ON_BRIDGE, tracesOf } from '../support/jail-host.ts'

const IDS = ['web1', 'db1']
const wired = { interfaces: ['hosting0'] }
const both = { ...wired, instances: ['db1', { id: 'web1', ...ON_BRIDGE, after: ['db1'] }] }

/** What a host looks like, numbers that the kernel counts on left out. */
function portrait(host: FakeHost) {
  return {
    confs: IDS.map(id => host.tree.read(`/etc/jail.conf.d/${id}.conf`)),
    rcConf: host.tree.read('/etc/rc.conf'),
    traces: IDS.map(id => tracesOf(host, id)),
    members: [...host.outside('ifconfig', 'hosting0').stdout.matchAll(/member: (\S+)/g)].map(match => match[1]).sort(),
    rules: host.outside('pfctl', '-a', '*', '-sr').stdout,
    rulesFiles: IDS.map(id => host.tree.read(`/etc/pf.hosting.d/${id}.conf`)),
    datasets: host.outside('zfs', 'list', '-H', '-o', 'name').stdout,
  }
}

const sorted = (seen: ReturnType<typeof portrait>) => ({
  ...seen,
  traces: seen.traces.map(one => ({ ...one, interfaces: [...one.interfaces].sort() })),
})

const CASES: Record<string, { before: object[]; options: object; faults?: (host: FakeHost) => void }> = {
  'starting two': { before: [], options: both },
  'stopping two': { before: [both], options: { ...both, state: 'stopped' } },
  'restarting with another configuration': {
    before: [both],
    options: { ...wired, instances: ['db1', { id: 'web1', interfaces: [], after: ['db1'] }], restart: true },
  },
  'restarting without rules of pf': {
    before: [both],
    options: {
      instances: [
        { id: 'db1', interfaces: ['hosting0'] },
        { id: 'web1', interfaces: [{ bridge: 'hosting0', private: false }] },
      ],
      restart: true,
    },
  },
  'stopping by force': {
    before: [both],
    options: { ...both, state: 'stopped' },
    faults: host => host.machine.fault({ program: 'sh', when: args => args[0] === '/etc/rc.shutdown', kind: 'exit' }),
  },
  'one absent with its data, one changed while it runs': {
    before: [both],
    options: {
      ...wired,
      instances: [
        { id: 'web1', state: 'absent', destroy_datasets: true },
        { id: 'db1', parameters: { 'allow.mlock': true } },
      ],
    },
    faults(host) {
      const wayBack = 'zroot/hosting/instances/web1@switch-20261101T120000Z'
      host.outside('zfs', 'snapshot', '-r', wayBack)
      host.outside('zfs', 'hold', '-r', 'bluejail', wayBack)
    },
  },
}

async function prepared({ before, faults }: (typeof CASES)[string]): Promise<FakeHost> {
  const host = await jailHost({ ids: IDS })
  for (const options of before) await converged(host, options)
  faults?.(host)
  return host
}

describe.each(Object.entries(CASES))('%s', (_title, scene) => {
  test('power is lost after any change', async () => {
    const undisturbed = await prepared(scene)
    const changes = (await converged(undisturbed, scene.options)).steps.length
    expect(changes).toBeGreaterThan(0)
    for (let at = 1; at <= changes; at++) {
      const host = await prepared(scene)
      host.machine.cutPowerAfter(at)
      await converged(host, scene.options).catch(() => undefined)
      host.machine.faults.length = 0
      host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
      host.boot()
      await converged(host, scene.options)
      expect(sorted(portrait(host)), `after change ${at}`).toEqual(sorted(portrait(undisturbed)))
      expect(await converged(host, scene.options), `after change ${at}`).toMatchObject({ changed: false })
    }
  })

  test('the run is killed after any step, the host goes on', async () => {
    const undisturbed = await prepared(scene)
    const { steps } = await converged(undisturbed, scene.options)
    for (let at = 0; at < steps.length; at++) {
      const host = await prepared(scene)
      let left = at
      const dying = {
        ...host,
        async perform(step: Step) {
          if (left-- <= 0) throw new Error('killed')
          await host.perform(step)
        },
      }
      await converged(dying, scene.options).catch(() => undefined)
      await converged(host, scene.options)
      expect(sorted(portrait(host)), `after step ${at}`).toEqual(sorted(portrait(undisturbed)))
      expect(await converged(host, scene.options), `after step ${at}`).toMatchObject({ changed: false })
    }
  })
})

test('jail(8) is killed after it made all it was to make', async () => {
  const host = await jailHost({ ids: IDS })
  host.machine.fault({ program: 'jail', kind: 'kill', afterwards: true, times: 1 })
  await expect(converged(host, both)).rejects.toThrow('was ended by SIGKILL')
  expect(await converged(host, both)).toMatchObject({
    msg: '2 instances: 1 started',
  })
})
