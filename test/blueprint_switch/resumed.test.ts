/** A switch that was cut off, and the run after it: what it goes by, and what it says. */
import { describe, expect, test } from 'vitest'
import { describeStep, type Step } from '../../modules/core/step.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { tracesOf } from '../support/jail-host.ts'
import {
  BLUEPRINT,
  clock,
  failing,
  fileOf,
  NEW,
  NEXT,
  OLD,
  RESUMED,
  ROOT,
  refusing,
  runsOn,
  switched,
  switchHost,
  TO,
  unseal,
} from '../support/switch-host.ts'

const PARTS = ['etc', 'usr-local-etc', 'usr-local-www', 'var', 'var-db', 'home', 'root', 'tmp']
const later = () => clock('2026-12-22T12:00:00Z')

/** The run is killed right after the step that looks so. */
async function cutOffAfter(host: FakeHost, at: RegExp, options: object = TO): Promise<void> {
  let isOff = false
  const dying: FakeHost = {
    ...host,
    async perform(step: Step) {
      if (isOff) throw new TypeError('killed')
      await host.perform(step)
      isOff = at.test(describeStep(step))
    },
  }
  await expect(switched(dying, options)).rejects.toThrow('killed')
}

/** What each part has received. */
const received = (host: FakeHost) => {
  const names = PARTS.map(part => `zroot/hosting/instances/web1/${part}`)
  return [
    ...new Set(
      host
        .outside('zfs', 'get', '-H', '-o', 'value', 'bluejail:blueprint', ...names)
        .stdout.trim()
        .split('\n'),
    ),
  ]
}

describe('what it has received is told once that is final', () => {
  test.each([
    ['no property can be set', /^zfs set bluejail:(blueprint|outage)/, 'what it runs on could not be written down: '],
    [
      'the time cannot be written down',
      /^zfs set bluejail:outage/,
      'how long it was away could not be written down for the next update: ',
    ],
    [
      'old snapshots cannot be destroyed',
      /^zfs (release|destroy)/,
      'not all snapshots of earlier switches of zroot/hosting/instances/web1 could be destroyed: ',
    ],
  ])('%s, and the instance, which is well, stays', async (_title, failing, words) => {
    const host = await switchHost()
    await switched(host, { ...TO, keep_generations: 1 })
    await switched(host, { id: 'web1', blueprint: BLUEPRINT, keep_generations: 1 }, clock('2026-11-23T12:00:00Z'))
    const isSo = (step: Step) => failing.test(describeStep(step))
    const report = await switched(refusing(host, isSo), { ...TO, keep_generations: 1 }, clock('2026-11-24T12:00:00Z'))
    expect(report.state.instances.web1).toMatchObject({ outcome: 'switched', to: NEW })
    expect(report.warnings).toHaveLength(1)
    expect(report.warnings[0]).toContain(`web1: ${words}`)
    expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([NEXT, true])
    await switched(host, RESUMED)
    expect(received(host)).toEqual([NEXT])
    expect(await switched(host, TO)).toMatchObject({ changed: false, warnings: [] })
  })

  test('nor do snapshots that cannot be listed matter by then', async () => {
    const host = await switchHost()
    const blind: FakeHost = {
      ...host,
      async query(command, options) {
        const isList = command[0] === 'zfs' && command.includes('snapshot')
        const hasArrived = host.performed.some(step => step.role === 'journal: finishing')
        return isList && hasArrived ? host.query(['zfs', 'list', 'nowhere']) : host.query(command, options)
      },
    }
    const { state, warnings } = await switched(blind, TO)
    expect(state.instances.web1).toMatchObject({ outcome: 'switched', to: NEW })
    expect(warnings.join()).toMatch(
      /^web1: not all snapshots of earlier switches of .* could be destroyed: 'zfs list nowhere' /,
    )
    expect(await switched(host, TO)).toMatchObject({ changed: false })
  })

  test('cut off right after it, and not well any more: it has arrived all the same', async () => {
    const host = await switchHost()
    await cutOffAfter(host, /^zfs set bluejail:blueprint/, { ...TO, health: { commands: [['true']], deadline: 2 } })
    expect(received(host)).toEqual([NEXT])
    host.machine.fault({ program: 'true', kind: 'exit' })
    expect((await switched(host, RESUMED, later())).state.instances.web1).toMatchObject({
      outcome: 'switched',
      to: NEW,
    })
    expect(runsOn(host, 'web1')).toBe(NEXT)
  })

  test('and is right after every way back, so that the next switch brings all there is', async () => {
    for (const at of [/ -r web1$/, /tar -cf/, /fstab\.next .*fstab$/, / -c web1$/]) {
      const host = await switchHost()
      await cutOffAfter(host, at)
      host.servers.set('10.66.0.11:80', () => ({ problem: 'refused' }))
      await switched(host, RESUMED, later()).catch(() => undefined)
      const on = runsOn(host, 'web1')
      expect(received(host), String(at)).toEqual([on])
      await switched(host, TO, clock('2026-12-23T12:00:00Z'))
      expect([fileOf(host, 'web1', 'etc/motd.template'), fileOf(host, 'web1', 'etc/old.conf')]).toEqual([
        'Welcome, again\n',
        undefined,
      ])
    }
  })
})

test('how long it was away is not known where another run has stopped it', async () => {
  const host = await switchHost()
  await cutOffAfter(host, / -c web1$/)
  const { state } = await switched(host, RESUMED, later())
  expect(state.instances.web1).toMatchObject({ outcome: 'switched' })
  expect(state.instances.web1).not.toHaveProperty('outage_seconds')
  expect(state.instances.web1).not.toHaveProperty('outage_parts')
  expect(
    host.outside('zfs', 'get', '-H', '-o', 'value', 'bluejail:outage', 'zroot/hosting/instances/web1').stdout,
  ).toBe('-\n')
})

test('one that goes on forward and cannot says so', async () => {
  const host = await switchHost()
  await cutOffAfter(host, / -c web1$/)
  host.outside('jail', '-R', 'web1')
  const leave = host.tree.occupy(`${ROOT}/home`)
  const error = await failing(host, RESUMED, later())
  expect(error.message).toBe(
    `web1 is stopped, on its way to ${NEW}: not all of web1 can be cleared away: umount: unmount of ${ROOT}/home failed: Device busy. See who uses it ('fstat -f ${ROOT}/home'), and end that. Its files are those of ${NEW}. When the cause is put right, run this again with \`state: resumed\`.`,
  )
  leave()
  await switched(host, RESUMED, later())
  expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([NEXT, true])
})

describe('it sets out anew only where it could set out', () => {
  const CASES: Record<string, { happens: (host: FakeHost) => unknown; obstacle: string }> = {
    'the blueprint was removed': {
      happens: host => host.outside('zfs', 'destroy', '-r', `zroot/hosting/blueprints/${NEXT}`),
      obstacle: `The blueprint ${NEXT} is not there (/hosting/blueprints/${NEXT}). Build it with blueprint_jail.`,
    },
    'the blueprint is corrupt': {
      happens: host => {
        unseal(host, NEXT)
        const path = `/hosting/blueprints/${NEXT}/.blueprint.json`
        host.tree.write(path, JSON.stringify({ ...JSON.parse(host.tree.read(path) ?? ''), digest: 'sha256:0' }))
        host.outside('zfs', 'snapshot', `zroot/hosting/blueprints/${NEXT}@complete`)
      },
      obstacle: `The blueprint ${NEXT} is corrupt: the list of its files does not have the digest that its manifest tells. See what is wrong with blueprint_jail and \`verify: true\`, and build it anew under another name.`,
    },
  }

  test.each(Object.entries(CASES))('%s', async (_title, { happens, obstacle }) => {
    const host = await switchHost()
    await cutOffAfter(host, / -r web1$/)
    happens(host)
    const before = host.performed.length
    expect((await failing(host, TO, later())).message).toBe(
      `web1 runs on ${OLD} again: the switch was cut off before its files were all in place. It does not set out anew: ${obstacle}`,
    )
    const jails = host.performed
      .slice(before)
      .map(describeStep)
      .filter(words => /^jail -f/.test(words))
    expect(jails).toEqual(['jail -f /etc/jail.conf.d/web1.conf -c web1'])
    expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([BLUEPRINT, true])
  })

  test('its own dataset has become too full meanwhile: it is back, and well', async () => {
    const host = await switchHost()
    await cutOffAfter(host, / -r web1$/)
    host.outside('zfs', 'set', 'quota=2M', 'zroot/hosting/instances/web1/etc')
    const error = await failing(host, TO, later())
    expect(error.message).toMatch(
      /^web1 is back on 2026Q4-php83@1, since the switch was cut off .*, and it does not set out anew: web1: .*\/etc has 1 MiB left/,
    )
    expect(error.report?.state.instances.web1).toMatchObject({ outcome: 'rolled_back', to: OLD, tried: NEW })
    expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([BLUEPRINT, true])
  })
})
