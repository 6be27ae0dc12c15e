/** Stops that fail, and jails that went by themselves: in the end nothing is left, or the message says what holds it. */
import { describe, expect, test } from 'vitest'
import { checked, converged, failing, jailHost, NOTHING, ON_BRIDGE, tracesOf } from '../support/jail-host.ts'

const CONF = '/etc/jail.conf.d/web1.conf'
const ROOT = '/hosting/instances/web1/root'
const STOP = `jail -f ${CONF} -r web1`
const options = { id: 'web1', ...ON_BRIDGE }
const stopped = { ...options, state: 'stopped' }

async function running() {
  const host = await jailHost()
  await converged(host, options)
  return host
}

describe("a customer's shutdown script", () => {
  test.each(['exit', 'hang'] as const)('live-2: that ends with %s does not stop us, and is told', async kind => {
    const host = await running()
    const { mounts } = tracesOf(host, 'web1')
    host.machine.fault({ program: 'sh', when: args => args[0] === '/etc/rc.shutdown', kind })
    const report = await converged(host, stopped)
    expect(report.steps.slice(0, 2)).toEqual([STOP, 'jail -R web1'])
    expect(report.steps.filter(step => step.startsWith('umount /'))).toHaveLength(mounts)
    expect(report.steps.slice(-2)).toEqual(['ifconfig e0a_web1 destroy', 'pfctl -q -a hosting/web1 -F all'])
    expect(report.warnings).toEqual([
      `web1 was stopped by force (jail -R), its processes killed: jail: web1: /bin/sh /etc/rc.shutdown jail: ${kind === 'exit' ? 'failed' : 'timed out'}.`,
    ])
    expect(tracesOf(host, 'web1')).toEqual(NOTHING)
    expect(await converged(host, stopped)).toMatchObject({ changed: false, warnings: [] })
  })

  test('live-2: nor does it keep an instance from being restarted', async () => {
    const host = await running()
    host.machine.fault({ program: 'sh', when: args => args[0] === '/etc/rc.shutdown', kind: 'exit', exit: 1 })
    const report = await converged(host, { ...options, state: 'restarted' })
    expect(report.steps.at(-1)).toBe(`jail -f ${CONF} -c web1`)
    expect(tracesOf(host, 'web1')).toMatchObject({ runs: true, interfaces: ['e0a_web1'] })
  })

  test('mount-6, live-5: unmounted innermost first, by the names of the mount table, never by force', async () => {
    const host = await running()
    host.machine.fault({ program: 'sh', when: args => args[0] === '/etc/rc.shutdown', kind: 'exit', exit: 1 })
    const { steps } = await converged(host, stopped)
    const unmounted = steps.flatMap(step => /^umount (.*)$/.exec(step)?.[1] ?? [])
    expect(unmounted.at(-1)).toBe(ROOT)
    for (const [index, path] of unmounted.entries())
      expect(unmounted.slice(index + 1).filter(later => later.startsWith(`${path}/`))).toEqual([])
  })
})

describe('what a stop leaves', () => {
  test('jail-3: mounts that its fstab no longer lists are unmounted one by one', async () => {
    const host = await running()
    const fstab = host.tree.read('/hosting/instances/web1/fstab') ?? ''
    host.tree.write('/hosting/instances/web1/fstab', fstab.replace(/.*var\/db\/pkg.*\n/, ''))
    const report = await converged(host, stopped)
    expect(report.steps[0]).toBe(STOP)
    expect(report.steps).toContain(`umount ${ROOT}/var/db/pkg`)
    expect(tracesOf(host, 'web1')).toEqual(NOTHING)
  })

  test('jail-3: with an empty fstab jail(8) reports success and leaves all; we look', async () => {
    const host = await running()
    const fstab = host.tree.read('/hosting/instances/web1/fstab') ?? ''
    host.tree.write('/hosting/instances/web1/fstab', '')
    await converged(host, stopped)
    expect(tracesOf(host, 'web1')).toEqual(NOTHING)

    // A restart in this state looks before it starts.
    host.tree.write('/hosting/instances/web1/fstab', fstab)
    await converged(host, options)
    host.tree.write('/hosting/instances/web1/fstab', fstab.replace(/.*\/(tmp|home) .*\n/g, ''))
    const report = await converged(host, { ...options, state: 'restarted' })
    const [stop, start] = [report.steps.indexOf(STOP), report.steps.indexOf(`jail -f ${CONF} -c web1`)]
    expect(report.steps.slice(stop + 1, start).every(step => step.startsWith('umount '))).toBe(true)
    expect(start).toBeGreaterThan(stop + 1)
    expect(tracesOf(host, 'web1').runs).toBe(true)
  })

  test('a missing file: it can only be stopped by force, which is said', async () => {
    const host = await running()
    host.tree.remove(CONF)
    const report = await converged(host, { id: 'web1', state: 'absent' })
    expect(report.warnings).toEqual([
      `web1 was stopped by force (jail -R), its processes killed: ${CONF} is missing, and with it how to shut it down.`,
    ])
    expect(tracesOf(host, 'web1')).toEqual(NOTHING)
  })
})

describe('a process of the host in a mount', () => {
  test('jail-4: that goes in a moment is waited for', async () => {
    const host = await running()
    const leave = host.tree.occupy(`${ROOT}/var`)
    let pauses = 0
    const patient = {
      ...host,
      perform: async (step: Parameters<typeof host.perform>[0]) => {
        if (step.kind === 'run' && step.command[0] === 'sleep' && ++pauses === 3) leave()
        await host.perform(step)
      },
    }
    const report = await converged(patient, stopped)
    expect(pauses).toBe(3)
    expect(report.steps.filter(step => step === 'sleep 1')).toHaveLength(3)
    expect(tracesOf(host, 'web1')).toEqual(NOTHING)
  })

  test('jail-4: that stays is told, with the place and how to find it', async () => {
    const host = await running()
    const leave = host.tree.occupy(`${ROOT}/var`)
    const { message } = await failing(host, stopped)
    expect(message).toContain(
      `web1 does not run, and not all that it left can be cleared: umount: unmount of ${ROOT}/var failed: Device busy. See who uses it ('fstat -f ${ROOT}/var'), end that, and run this again.`,
    )
    expect(host.counts.umount).toBeLessThan(40)
    // It is not started over what is left, either.
    const again = await failing(host, options)
    expect(again.message).toContain('can be cleared')
    expect(tracesOf(host, 'web1').runs).toBe(false)
    leave()
    expect(await converged(host, options)).toMatchObject({ msg: 'web1: started' })
  })
})

describe('a jail that vanished', () => {
  test('live-1: its mounts and interfaces are cleared before it is started again', async () => {
    const host = await running()
    host.outside('jail', '-R', 'web1')
    expect(tracesOf(host, 'web1')).toMatchObject({ runs: false, interfaces: ['e0a_web1', 'vnet0'] })
    const foretold = await checked(host, options)
    const report = await converged(host, options)
    expect(report.steps).toContain(`umount ${ROOT}/dev/fd`)
    expect(report.steps.slice(-3)).toEqual([
      ...['ifconfig e0a_web1 destroy', 'pfctl -q -a hosting/web1 -F all', `jail -f ${CONF} -c web1`],
    ])
    expect(foretold.steps).toEqual(report.steps)
    expect(tracesOf(host, 'web1')).toMatchObject({ runs: true, interfaces: ['e0a_web1'] })
  })

  test('live-1: and so they are where it shall be stopped, or absent', async () => {
    for (const state of ['stopped', 'absent']) {
      const host = await running()
      host.outside('jail', '-R', 'web1')
      await converged(host, { ...options, state })
      expect(tracesOf(host, 'web1')).toEqual(NOTHING)
    }
  })

  test('live-1: where nothing is said about running, it is told', async () => {
    const host = await running()
    host.outside('jail', '-R', 'web1')
    const { warnings, steps } = await converged(host, { ...options, state: 'present' })
    expect(steps).toEqual([])
    expect(warnings).toEqual([
      expect.stringMatching(
        /^web1 does not run, but has left 15 mounts, 1 interfaces, 1 entries of arp\(8\) and ndp\(8\), and rules of pf\. They are cleared when/,
      ),
    ])
  })
})
