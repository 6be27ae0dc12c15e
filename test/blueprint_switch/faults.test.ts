/** What can go wrong, and the exact words it ends with: switched, or back and running, or stopped with what to do. */
import { describe, expect, test } from 'vitest'
import { describeStep, type Step } from '../../modules/core/step.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { tracesOf } from '../support/jail-host.ts'
import {
  BLUEPRINT,
  clock,
  failing,
  fileOf,
  NEXT,
  noSpace,
  ROOT,
  refusing,
  runsOn,
  switched,
  switchHost,
  TO,
} from '../support/switch-host.ts'

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
  /** The new blueprint's services had its data. */
  readonly hadData?: true
  readonly outcome?: 'failed'
}

const KEPT = `${NEXT}@1 was started on its data. What that was before is in the snapshot switch-20261122T120000Z, which is kept: \`state: rolled_back\` with \`rollback_data: true\` puts all of it back, and what was written since is lost.`

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
    message: `web1 runs on ${BLUEPRINT}@1 again: 'jail -f /etc/jail.conf.d/web1.conf -c web1' failed: jail: no. Last lines of /hosting/instances/web1/console.log: "Starting syslogd.", "Starting cron.", "Stopping syslogd.", "Stopping cron.". ${KEPT}`,
    hadData: true,
  },
  'a start that hangs': {
    happens: host => host.machine.fault({ program: 'jail', when: args => args.includes('-c'), kind: 'hang', times: 1 }),
    message: `web1 runs on ${BLUEPRINT}@1 again: 'jail -f /etc/jail.conf.d/web1.conf -c web1' did not end within 1350 s and was stopped. See what holds it up (a suspended pool, a hanging disk: 'zpool status -x'), then run this again. Last lines of /hosting/instances/web1/console.log: "Starting syslogd.", "Starting cron.", "Stopping syslogd.", "Stopping cron.". ${KEPT}`,
    hadData: true,
  },
  'a health check that hangs': {
    happens: () => undefined,
    options: { ...TO, health: { commands: [['sleep', '100000']], deadline: 2 } },
    message: `web1 runs on ${BLUEPRINT}@1 again: it was not well within 2 s: sleep 100000: it did not end within 2 s; and back on ${BLUEPRINT}@1 it was not well within 2 s either: sleep 100000: it did not end within 2 s. ${KEPT}`,
    hadData: true,
    outcome: 'failed',
  },
  'a web server that answers otherwise': {
    happens: host =>
      void host.servers.set('http://10.66.0.11:80/', () => ({ status: runsOn(host, 'web1') === NEXT ? 502 : 200 })),
    options: { ...TO, health: { http: [{ port: 80 }], deadline: 1 } },
    message: `web1 runs on ${BLUEPRINT}@1 again: it was not well within 1 s: http://10.66.0.11:80/: answers with status 502, and not 200. ${KEPT}`,
    hadData: true,
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
  'a pool that is full when its files are merged': {
    happens: host => {
      let tars = 0
      const isTar = (step: Step) => step.kind === 'pipe'
      return refusing(host, isTar, step => isTar(step) && ++tars === 1)
    },
    message: `web1 runs on ${BLUEPRINT}@1 again: ENOSPC: no space left on device, write.`,
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
  test.each(Object.entries(BACK))(
    '%s',
    async (_title, { happens, options = TO, message, hadData, outcome = 'rolled_back' }) => {
      const host = await switchHost()
      host.tree.write(`${ROOT}/usr/local/etc/php.ini`, 'memory = 64\n')
      const error = await failing((happens(host) ?? host) as FakeHost, options, clock())
      expect(error.message).toBe(message)
      expect(error.report?.state.instances.web1).toMatchObject({ outcome, to: `${BLUEPRINT}@1`, tried: `${NEXT}@1` })
      expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([BLUEPRINT, true])
      expect(fileOf(host, 'web1', 'etc/motd.template')).toBe('Welcome\n')
      expect(fileOf(host, 'web1', 'usr/local/etc/php.ini')).toBe('memory = 64\n')
      expect(host.tree.lstat('/hosting/instances/web1/journal.json')).toBeUndefined()
      const kept = host.outside('zfs', 'list', '-H', '-t', 'snapshot', '-o', 'userrefs', 'zroot/hosting/instances/web1')
      expect(kept.stdout).toBe(hadData ? '1\n' : '')
    },
  )
})

describe('stopped, with what to do', () => {
  test('a link of the customer’s where something is to be mounted', async () => {
    const host = await switchHost()
    host.tree.mkdir('/victim')
    const at = '/hosting/instances/web1/seed/usr-local-etc/rc.d'
    const dataset = 'zroot/hosting/instances/web1/usr-local-etc'
    const planted = before(host, `mount -t zfs zroot/hosting/instances/web1/var `, () => {
      host.tree.remove(at)
      host.tree.symlink(at, '/victim')
    })
    const error = await failing(planted, TO)
    const start = `'jail -f /etc/jail.conf.d/web1.conf -c web1' failed: jail: web1: mount.fstab: ${ROOT}/usr/local/etc/rc.d is a symbolic link. Last lines of /hosting/instances/web1/console.log: "Starting syslogd.", "Starting cron.", "Stopping syslogd.", "Stopping cron."`
    const link = `${ROOT}/usr/local/etc/rc.d, where /hosting/blueprints/${BLUEPRINT}/usr/local/etc/rc.d is to be mounted, is a symbolic link of the customer's (to /victim), and nothing is mounted through one. Put a directory in its place: 'mount -t zfs ${dataset} /hosting/instances/web1/seed/usr-local-etc', 'rm ${at}', 'mkdir ${at}', 'umount /hosting/instances/web1/seed/usr-local-etc'`
    expect(error.message).toBe(
      `web1 is stopped, on its way back to ${BLUEPRINT}@1: ${start}. It went back because ${link}. Its files, fstab and configuration are those of ${BLUEPRINT}@1 again. When the cause is put right, run this again with \`state: resumed\`.`,
    )
    host.outside('mount', '-t', 'zfs', dataset, '/hosting/instances/web1/seed/usr-local-etc')
    host.tree.remove(at)
    host.tree.mkdir(at)
    host.outside('umount', '/hosting/instances/web1/seed/usr-local-etc')
    await failing(host, { id: 'web1', state: 'resumed' })
    expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([BLUEPRINT, true])
    expect(host.tree.list('/victim')).toEqual([])
  })

  test('a host that does not answer any more', async () => {
    const host = await switchHost()
    const silent: FakeHost = {
      ...host,
      async query(command, options) {
        if (command[0] === 'jls' && host.performed.some(step => / -r web1$/.test(describeStep(step)))) throw noSpace()
        return host.query(command, options)
      },
    }
    const error = await failing(silent, TO)
    expect(error.message).toBe(
      'web1 is on its way, and how it is cannot be seen: ENOSPC: no space left on device, write. Its journal /hosting/instances/web1/journal.json has what is to be done. When the cause is put right, run this again with `state: resumed`.',
    )
    expect(error.report?.state.instances.web1?.outcome).toBe('unknown')
    await failing(host, { id: 'web1', state: 'resumed' })
    expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([BLUEPRINT, true])
  })

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
  expect(report.state.instances.web1?.merge?.conflicts).toEqual([
    "usr/local/etc/nginx.conf: it is a symbolic link of the customer's, and a file in the new blueprint; the customer's stays, and the new blueprint's is usr/local/etc/nginx.conf.blueprint-new",
  ])
  expect(report.state.instances.web1?.merge?.barred).toEqual([
    'usr/local/etc/fpm/www.conf: usr/local/etc/fpm is a symbolic link, and nothing is written through one',
  ])
})
