/** What can go wrong, and the exact words it ends with: switched, or back and running, or stopped with what to do. */
import { describe, expect, test } from 'vitest'
import type { Step } from '../../modules/core/step.ts'
import { describeStep } from '../../modules/core/step.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { tracesOf } from '../support/jail-host.ts'
import { BLUEPRINT, clock, failing, fileOf, NEXT, runsOn, switched, switchHost } from '../support/switch-host.ts'

const TO = { id: 'web1', blueprint: NEXT }
const ROOT = '/hosting/instances/web1/root'

/** Something happens right before a step that looks so. */
function before(host: FakeHost, words: string, event: () => void): FakeHost {
  let isDue = true
  return {
    ...host,
    async perform(step: Step) {
      if (isDue && describeStep(step).includes(words)) {
        isDue = false
        event()
      }
      await host.perform(step)
    },
  }
}

interface Fault {
  readonly happens: (host: FakeHost) => unknown
  readonly options?: object
  readonly message: string
}

/** It runs again as it was. */
const BACK: Record<string, Fault> = {
  'a start that fails': {
    happens: host =>
      host.machine.fault({
        program: 'jail',
        when: args => args.includes('-c'),
        kind: 'exit',
        stderr: 'jail: no\n',
        times: 1,
      }),
    message: `web1 runs on ${BLUEPRINT}@1 again: 'jail -f /etc/jail.conf.d/web1.conf -c web1' failed: jail: no. Last lines of /hosting/instances/web1/console.log: "Starting syslogd.", "Starting cron.", "Stopping syslogd.", "Stopping cron.".`,
  },
  'a start that hangs': {
    happens: host => host.machine.fault({ program: 'jail', when: args => args.includes('-c'), kind: 'hang', times: 1 }),
    message: `web1 runs on ${BLUEPRINT}@1 again: 'jail -f /etc/jail.conf.d/web1.conf -c web1' did not end within 1350 s and was stopped. See what holds it up (a suspended pool, a hanging disk: 'zpool status -x'), then run this again. Last lines of /hosting/instances/web1/console.log: "Starting syslogd.", "Starting cron.", "Stopping syslogd.", "Stopping cron.".`,
  },
  'a health check that hangs': {
    happens: () => undefined,
    options: { ...TO, health: { commands: [['sleep', '100000']], deadline: 2 } },
    message: `web1 runs on ${BLUEPRINT}@1 again: it was not well within 2 s: sleep 100000: it did not end within 2 s; and back on ${BLUEPRINT}@1 it was not well within 2 s either: sleep 100000: it did not end within 2 s.`,
  },
  'a web server that answers otherwise': {
    happens: host =>
      void host.servers.set('http://10.66.0.11:80/', () => ({ status: runsOn(host, 'web1') === NEXT ? 502 : 200 })),
    options: { ...TO, health: { http: [{ port: 80 }], deadline: 1 } },
    message: `web1 runs on ${BLUEPRINT}@1 again: it was not well within 1 s: http://10.66.0.11:80/: answers with status 502, and not 200.`,
  },
  'the new blueprint is removed meanwhile': {
    happens: host =>
      before(host, 'zfs hold', () => {
        host.outside('zfs', 'destroy', '-r', `zroot/hosting/blueprints/${NEXT}`)
      }),
    message: `web1 runs on ${BLUEPRINT}@1 again: /hosting/blueprints/${NEXT}/.zfs/snapshot/complete/usr/local/etc/php.ini is gone: the blueprint was removed meanwhile.`,
  },
  'the fstab to come is edited meanwhile': {
    happens: host =>
      before(host, 'zfs hold', () => host.tree.write('/hosting/instances/web1/fstab.next', '# by hand\n')),
    message: `web1 runs on ${BLUEPRINT}@1 again: somebody has changed /hosting/instances/web1/fstab.next meanwhile.`,
  },
  'no snapshot can be taken': {
    happens: host =>
      host.machine.fault({
        program: 'zfs',
        when: args => args[0] === 'snapshot',
        kind: 'exit',
        stderr: 'out of space\n',
      }),
    message: `web1 runs on ${BLUEPRINT}@1 again: 'zfs snapshot -r -o bluejail:blueprint=${BLUEPRINT} -o bluejail:revision=1 zroot/hosting/instances/web1@switch-20261122T120000Z' failed with exit status 1: out of space.`,
  },
}

describe('back and running', () => {
  test.each(Object.entries(BACK))('%s', async (_title, { happens, options = TO, message }) => {
    const host = await switchHost()
    host.tree.write(`${ROOT}/usr/local/etc/php.ini`, 'memory = 64\n')
    const error = await failing((happens(host) ?? host) as FakeHost, options, clock())
    expect(error.message).toBe(message)
    expect(error.report?.state.instances.web1).toMatchObject({ outcome: 'rolled_back', to: `${BLUEPRINT}@1` })
    expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([BLUEPRINT, true])
    expect(fileOf(host, 'web1', 'etc/motd.template')).toBe('Welcome\n')
    expect(fileOf(host, 'web1', 'usr/local/etc/php.ini')).toBe('memory = 64\n')
    expect(host.tree.lstat('/hosting/instances/web1/journal.json')).toBeUndefined()
    expect(host.outside('zfs', 'list', '-H', '-t', 'snapshot', '-r', 'zroot/hosting/instances').stdout).toBe('')
  })
})

describe('stopped, with what to do', () => {
  test('a process of the host works in it', async () => {
    const host = await switchHost()
    const leave = host.tree.occupy(`${ROOT}/home`)
    const error = await failing(host, TO)
    expect(error.message).toBe(
      `web1 is stopped, on its way back to ${BLUEPRINT}@1: not all of web1 can be cleared away: umount: unmount of ${ROOT}/home failed: Device busy. See who uses it ('fstat -f ${ROOT}/home'), and end that. None of its files were changed: they are those of ${BLUEPRINT}@1. When the cause is put right, run this again with \`state: resumed\`.`,
    )
    expect(error.report?.state.instances.web1?.outcome).toBe('failed')
    leave()
    await failing(host, { id: 'web1', state: 'resumed' })
    expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([BLUEPRINT, true])
    await switched(host, TO)
    expect(runsOn(host, 'web1')).toBe(NEXT)
  })

  test('a jail that does not die', async () => {
    const host = await switchHost()
    host.machine.fault({
      program: 'jail',
      when: args => /^-[rR]$/.test(args.at(-2) ?? ''),
      kind: 'exit',
      stderr: 'jail: not so\n',
    })
    const error = await failing(host, TO)
    expect(error.message).toBe(
      `web1 was to stop, and still runs, on its way back to ${BLUEPRINT}@1: web1 cannot be stopped: jail: not so. None of its files were changed: they are those of ${BLUEPRINT}@1. When the cause is put right, run this again with \`state: resumed\`.`,
    )
    host.machine.faults.length = 0
    await failing(host, { id: 'web1', state: 'resumed' })
    expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([BLUEPRINT, true])
  })
})

test('a stop that fails is made by force, and is told', async () => {
  const host = await switchHost()
  host.machine.fault({ program: 'sh', when: args => args[0] === '/etc/rc.shutdown', kind: 'exit', times: 1 })
  const report = await switched(host, TO)
  expect(runsOn(host, 'web1')).toBe(NEXT)
  expect(report.warnings.join()).toMatch(/^web1 was stopped by force \(jail -R\), its processes killed: /)
})

test('links of the customer are not followed, wherever they are', async () => {
  const host = await switchHost()
  host.tree.mkdir('/victim')
  host.tree.write('/victim/nginx.conf', 'precious\n')
  host.tree.remove(`${ROOT}/usr/local/etc/nginx.conf`)
  host.tree.symlink(`${ROOT}/usr/local/etc/nginx.conf`, '/victim/nginx.conf')
  host.tree.symlink(`${ROOT}/usr/local/etc/fpm`, '/victim')
  const report = await switched(host, TO)
  expect(host.tree.read('/victim/nginx.conf')).toBe('precious\n')
  expect(host.tree.list('/victim')).toEqual(['nginx.conf'])
  expect(report.state.instances.web1?.merge?.barred).toEqual([
    'usr/local/etc/fpm/www.conf: usr/local/etc/fpm is a symbolic link, and nothing is written through one',
  ])
})
