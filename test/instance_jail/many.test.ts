/** Lists of instances: side by side, in their order, in few processes, and at boot. */
import { describe, expect, test } from 'vitest'
import type { Step } from '../../modules/core/step.ts'
import { checked, converged, jailHost, NOTHING, tracesOf } from '../support/jail-host.ts'

const ids = (count: number) => Array.from({ length: count }, (_, index) => `web${index + 1}`)
const addressed = (id: string, index: number) => ({
  id,
  interfaces: [{ bridge: 'hosting0', addresses: [`10.66.0.${index + 11}/24`] }],
})
const usedSince = (before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(after)
      .map(([program, count]) => [program, count - (before[program] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  )

describe('50 instances', () => {
  test('one process each of jls, mount, ifconfig, arp, ndp and sysrc, and two of pfctl, when nothing changes, running or stopped', async () => {
    const instances = ids(50)
    const host = await jailHost({ ids: instances })
    const options = { instances: instances.map(addressed), parallel: 10 }
    const first = await converged(host, options)
    expect(first.msg).toBe('50 instances: 50 started')
    expect(first.steps).toContain(`sysrc 'jail_list=${instances.join(' ')}' jail_enable=YES`)
    const before = host.counts
    expect(await converged(host, options)).toMatchObject({ changed: false, msg: '50 instances: as wanted' })
    expect(usedSince(before, host.counts)).toEqual({
      jls: 1,
      mount: 1,
      ifconfig: 1,
      arp: 1,
      ndp: 1,
      sysrc: 1,
      pfctl: 2,
    })

    const stopped = { ...options, state: 'stopped' }
    expect((await converged(host, stopped)).msg).toBe('50 instances: 50 stopped')
    const between = host.counts
    expect(await converged(host, stopped)).toMatchObject({ changed: false })
    expect(usedSince(between, host.counts)).toEqual({
      jls: 1,
      mount: 1,
      ifconfig: 1,
      arp: 1,
      ndp: 1,
      sysrc: 1,
      pfctl: 2,
    })
    expect(tracesOf(host, 'web50')).toEqual(NOTHING)
  })

  test('are looked at once more after they were started, and not once each', async () => {
    const instances = ids(20)
    const host = await jailHost({ ids: instances })
    await converged(host, { instances })
    expect(host.counts).toEqual({ jls: 2, mount: 2, ifconfig: 2, sysrc: 3, jail: 20, mkdir: 1 })
  })
})

describe('side by side', () => {
  async function recorded(options: object, count: number) {
    const instances = ids(count)
    const host = await jailHost({ ids: instances })
    const log: string[] = []
    let running = 0
    let most = 0
    const slow = {
      ...host,
      async perform(step: Step) {
        const jail = step.kind === 'run' && step.command[0] === 'jail' ? step.command.at(-1) : undefined
        if (jail === undefined) return host.perform(step)
        most = Math.max(most, ++running)
        await new Promise(done => setTimeout(done, 5))
        await host.perform(step)
        running -= 1
        log.push(jail)
      },
    }
    const report = await converged(slow, { instances, ...options })
    return { host, slow, log, report, most: () => most }
  }

  test('as many as `parallel` says are started at once', async () => {
    const { most, report } = await recorded({ parallel: 3 }, 7)
    expect(most()).toBe(3)
    expect(report.msg).toBe('7 instances: 7 started')
  })

  test('live-6: those that others come after are started before them, and stopped behind them', async () => {
    const instances = ['web1', 'web2', { id: 'web3', after: ['web1', 'web2'] }, { id: 'web4', after: ['web3'] }]
    const { slow, log } = await recorded({ instances, parallel: 8 }, 4)
    expect(log.slice(2)).toEqual(['web3', 'web4'])
    log.length = 0
    await converged(slow, { instances, parallel: 8, state: 'stopped' })
    expect(log.slice(0, 2)).toEqual(['web4', 'web3'])
    expect(log.slice(2).sort()).toEqual(['web1', 'web2'])
  })

  test('each its own state, foretold', async () => {
    const host = await jailHost({ ids: ids(5) })
    await converged(host, { instances: ['web1', 'web2', 'web3'], interfaces: ['hosting0'] })
    const options = {
      interfaces: ['hosting0'],
      instances: [
        { id: 'web1', state: 'stopped' },
        { id: 'web2', state: 'absent' },
        { id: 'web3', state: 'restarted' },
        { id: 'web4' },
        { id: 'web5', state: 'present', boot: false },
      ],
    }
    const foretold = await checked(host, options)
    const report = await converged(host, options)
    expect(foretold.steps).toEqual(report.steps)
    expect(report.msg).toBe('5 instances: 1 stopped, 1 removed, 1 restarted, 1 started, 1 configured')
    expect(ids(5).map(id => tracesOf(host, id).runs)).toEqual([false, false, true, true, false])
    expect(report.state.rc_conf).toMatchObject({ jail_list: 'web1 web3 web4' })
  })
})

describe('at boot', () => {
  async function booted(options: object) {
    const host = await jailHost({ ids: ids(3) })
    await converged(host, { instances: ids(3).map(addressed), ...options })
    host.boot()
    return host
  }

  test('jail-2: rc.d starts what jail_list names from its own file, and stops it', async () => {
    const host = await booted({ instances: ['web1', { id: 'web2', boot: false }, 'web3'] })
    expect(ids(3).map(id => tracesOf(host, id).runs)).toEqual([true, false, true])
    expect(host.outside('service', 'jail', 'stop').stdout).toBe('Stopping jails: web1 web3.\n')
    expect(tracesOf(host, 'web1')).toEqual(NOTHING)
    expect(host.outside('service', 'jail', 'start').stdout).toBe('Starting jails: web1 web3.\n')
    expect(tracesOf(host, 'web3').runs).toBe(true)
  })

  test('jail-2: what rc.d started is as we would have started it', async () => {
    const host = await booted({})
    const report = await converged(host, { instances: ids(3).map(addressed) })
    expect(report).toMatchObject({ changed: false, warnings: [] })
  })

  test('jail-2: a bad file costs only itself', async () => {
    const host = await booted({})
    host.outside('service', 'jail', 'stop')
    host.tree.write('/etc/jail.conf.d/web2.conf', 'web2 {\n path=/nowhere; persist\n')
    host.outside('service', 'jail', 'start')
    expect(ids(3).map(id => tracesOf(host, id).runs)).toEqual([true, false, true])
  })

  test('jail-8: names with dashes work', async () => {
    const host = await jailHost({ ids: ['larsen-shop'] })
    await converged(host, { id: 'larsen-shop', interfaces: ['hosting0'] })
    host.boot()
    expect(tracesOf(host, 'larsen-shop')).toMatchObject({ runs: true, interfaces: ['e0a_larsen-shop'] })
  })
})
