/** Cut off before any step, by a loss of power or by being killed: the instance ends on the one or the other, and runs. */
import { describe, expect, test } from 'vitest'
import { apply, converge } from '../../modules/core/converge.ts'
import type { Step } from '../../modules/core/step.ts'
import instanceMounts from '../../modules/instance_mounts.ts'
import { DEFAULT_SITE } from '../../modules/rules/layout.ts'
import { settle } from '../../modules/rules/switch/settle.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { circumstances, converged, tracesOf } from '../support/jail-host.ts'
import { BLUEPRINT, clock, fileOf, NEXT, ROOT, runsOn, switched, switchHost, TO } from '../support/switch-host.ts'

const FILES = [
  'etc/motd.template',
  'etc/old.conf',
  'etc/rc.conf',
  'usr/local/etc/nginx.conf',
  'usr/local/etc/nginx.conf.blueprint-new',
  'usr/local/etc/php.ini',
  'usr/local/etc/fpm/www.conf',
  'var/log/nginx',
]

/** What matters of the instance. Only what depends on when it was cut off is left out. */
const portrait = (host: FakeHost) => ({
  on: runsOn(host, 'web1'),
  files: FILES.map(path => [path, host.tree.lstat(`${ROOT}/${path}`)?.type, fileOf(host, 'web1', path)]),
  traces: tracesOf(host, 'web1'),
  journal: host.tree.lstat('/hosting/instances/web1/journal.json'),
  aside: host.tree.lstat('/etc/jail.conf.d/web1.switching'),
  next: host.tree.lstat('/hosting/instances/web1/fstab.next'),
  seeds: /\/web1\/seed\//.test(host.outside('mount').stdout),
  received: host.outside('zfs', 'get', '-H', '-o', 'value', 'bluejail:blueprint', 'zroot/hosting/instances/web1/etc')
    .stdout,
})

async function prepared(): Promise<FakeHost> {
  const host = await switchHost()
  host.tree.write(`${ROOT}/usr/local/etc/nginx.conf`, 'workers 4;\n\n\nlisten 80;\n\n\nlog off;\n')
  host.tree.write(`${ROOT}/usr/local/etc/php.ini`, 'memory = 64\n')
  return host
}

/** As rc(8) does: first the program, then jails of jail_list. */
async function bootAndSettle(host: FakeHost): Promise<void> {
  host.machine.faults.length = 0
  host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
  // Jails come after the program.
  const rcConf = host.tree.read('/etc/rc.conf') ?? ''
  host.tree.write('/etc/rc.conf', rcConf.replace(/^jail_enable=.*$/m, 'jail_enable="NO"'))
  host.boot()
  host.tree.write('/etc/rc.conf', rcConf)
  const settled = await settle(DEFAULT_SITE, host, clock('2026-11-22T13:00:00Z'))
  expect(settled.filter(({ isWell }) => !isWell)).toEqual([])
  expect(host.tree.lstat('/etc/jail.conf.d/web1.conf')).toBeDefined()
  if (!tracesOf(host, 'web1').runs) host.outside('jail', '-f', '/etc/jail.conf.d/web1.conf', '-c', 'web1')
  expect(tracesOf(host, 'web1').runs).toBe(true)
}

const resume = (host: FakeHost) =>
  switched(host, { id: 'web1', state: 'resumed' }, clock('2026-11-22T14:00:00Z')).catch(error => error)

const CASES: Record<string, { prepare: () => Promise<FakeHost>; options: object }> = {
  'on the way forward': { prepare: prepared, options: TO },
  'on the way back, asked for': {
    async prepare() {
      const host = await prepared()
      await switched(host, TO)
      return host
    },
    options: { id: 'web1', state: 'rolled_back' },
  },
  'on the way back of its data, after that': {
    async prepare() {
      const host = await prepared()
      await switched(host, { ...TO, health: { commands: [['test', '-f', '/nowhere']], deadline: 1 } }).catch(
        () => undefined,
      )
      return host
    },
    options: { id: 'web1', state: 'rolled_back', rollback_data: true },
  },
  'on the way back, since it was not well': {
    prepare: prepared,
    options: { ...TO, health: { commands: [['test', '-f', '/nowhere']], deadline: 1 } },
  },
}

describe.each(Object.entries(CASES))('%s', (_title, { prepare, options }) => {
  const ends = async () => {
    const before = await prepare()
    const after = await prepare()
    await switched(after, options).catch(() => undefined)
    return [portrait(before), portrait(after)]
  }

  test('power is lost after any change', async () => {
    const possible = await ends()
    const counting = await prepare()
    let changes = 0
    const countChange = counting.machine.countChange.bind(counting.machine)
    counting.machine.countChange = () => {
      changes += 1
      countChange()
    }
    await switched(counting, options).catch(() => undefined)
    expect(changes).toBeGreaterThan(10)
    for (let at = 1; at <= changes; at++) {
      const host = await prepare()
      host.machine.cutPowerAfter(at)
      await switched(host, options).catch(() => undefined)
      await bootAndSettle(host)
      await resume(host)
      expect(possible, `after change ${at}`).toContainEqual(portrait(host))
      expect(await resume(host), `after change ${at}`).toMatchObject({ changed: false })
    }
  })

  test('the run is killed after any step, the host goes on', async () => {
    const possible = await ends()
    const whole = await prepare()
    await switched(whole, options).catch(() => undefined)
    const steps = whole.performed.length
    for (let at = 0; at < steps; at++) {
      const host = await prepare()
      let left = at
      const dying = {
        ...host,
        async perform(step: Step) {
          if (left-- <= 0) throw new Error('killed')
          await host.perform(step)
        },
      }
      await switched(dying as FakeHost, options).catch(() => undefined)
      await resume(host)
      expect(possible, `after step ${at}`).toContainEqual(portrait(host))
      expect(await resume(host), `after step ${at}`).toMatchObject({ changed: false })
    }
  })
})

test('the next run with the same wish brings it there, whatever was before', async () => {
  const host = await prepared()
  host.machine.cutPowerAfter(12)
  await switched(host, TO).catch(() => undefined)
  await bootAndSettle(host)
  expect(runsOn(host, 'web1')).toBe(BLUEPRINT)
  const { state, warnings } = await switched(host, TO, clock('2026-11-22T14:00:00Z'))
  expect(state.instances.web1).toMatchObject({ outcome: 'switched', to: `${NEXT}@1` })
  expect(warnings).toContain(
    `web1 is back on ${BLUEPRINT}@1, since the switch was cut off before its files were all in place, and sets out anew.`,
  )
  expect(runsOn(host, 'web1')).toBe(NEXT)
  expect(await switched(host, TO)).toMatchObject({ changed: false })
})

test('until then, the other modules leave the instance alone', async () => {
  const host = await prepared()
  host.machine.cutPowerAfter(8)
  await switched(host, TO).catch(() => undefined)
  await bootAndSettle(host)
  const message =
    'web1: a switch of it to another blueprint was cut off (/hosting/instances/web1/journal.json). Bring that to its end first: blueprint_switch with `state: resumed`.'
  await expect(converged(host, { id: 'web1', state: 'restarted' })).rejects.toThrow(message)
  await expect(
    converge(instanceMounts, { id: 'web1', blueprint: BLUEPRINT }, host, apply, circumstances),
  ).rejects.toThrow(message)
})
