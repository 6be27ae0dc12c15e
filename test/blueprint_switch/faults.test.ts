/** What can go wrong, and the exact words it ends with: switched, or back and running, or stopped with what to do. */
import { describe, expect, test } from 'vitest'
import type { Step } from '../../modules/core/step.ts'
import { describeStep } from '../../modules/core/step.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { tracesOf } from '../support/jail-host.ts'
import {
  BLUEPRINT,
  clock,
  failing,
  fileOf,
  NEXT,
  runsOn,
  switched,
  switchHost,
  unseal,
} from '../support/switch-host.ts'

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

function rewrite(host: FakeHost, name: string, change: (manifest: Record<string, unknown>) => void): void {
  const path = `/hosting/blueprints/${name}/.blueprint.json`
  const manifest = JSON.parse(host.tree.read(path) ?? '{}')
  change(manifest)
  unseal(host, name)
  host.tree.write(path, JSON.stringify(manifest))
  host.outside('zfs', 'set', 'readonly=on', `zroot/hosting/blueprints/${name}`)
  host.outside('zfs', 'snapshot', `zroot/hosting/blueprints/${name}@complete`)
}

interface Fault {
  readonly happens: (host: FakeHost) => unknown
  readonly options?: object
  readonly message: string
}

/** Refused, and nothing was touched. */
const REFUSED: Record<string, Fault> = {
  'an instance that is not there': {
    happens: () => undefined,
    options: { id: 'web9', blueprint: NEXT },
    message:
      'web9: there is no such instance here: /hosting/instances/web9/fstab is not there. instance_mounts writes it.',
  },
  'a blueprint that is not there': {
    happens: () => undefined,
    options: { id: 'web1', blueprint: '2031Q1' },
    message: 'The blueprint 2031Q1 is not there (/hosting/blueprints/2031Q1). Build it with blueprint_jail.',
  },
  'a blueprint that is not complete': {
    happens: host => void host.outside('zfs', 'set', 'bluejail:stage=sealing', `zroot/hosting/blueprints/${NEXT}`),
    message: `The blueprint ${NEXT} is not complete (sealing). Run blueprint_jail for it again.`,
  },
  'a blueprint that is corrupt': {
    happens: host =>
      rewrite(host, NEXT, manifest => {
        manifest.digest = 'sha256:0'
      }),
    message: `The blueprint ${NEXT} is corrupt: the list of its files does not have the digest that its manifest tells. See what is wrong with blueprint_jail and \`verify: true\`, and build it anew under another name.`,
  },
  'a release that is newer than the kernel': {
    happens: host =>
      rewrite(host, NEXT, manifest => {
        manifest.release = '15.0-RELEASE'
      }),
    message: `The blueprint ${NEXT} has 15.0-RELEASE, which is newer than this host's kernel (1402000), and programs of a newer release may not run on it. Update the host first.`,
  },
  'a revision that the blueprint is not at': {
    happens: () => undefined,
    options: { ...TO, revision: 2 },
    message: `The blueprint ${NEXT} is at revision 1, and 2 was asked for. Give that revision, or none.`,
  },
  'an fstab that mounts no blueprint': {
    happens: host => host.tree.write('/hosting/instances/web1/fstab', '# by hand\n'),
    message: `web1: what it runs on is not known: /hosting/instances/web1/fstab was changed by hand, and it mounts no blueprint at ${ROOT}. Put it right with instance_mounts.`,
  },
  'an fstab that was edited by hand while the instance runs': {
    happens: host => {
      const path = '/hosting/instances/web1/fstab'
      host.tree.write(path, `${host.tree.read(path)}/srv ${ROOT}/home nullfs ro 0 0\n`)
    },
    message: `web1: /hosting/instances/web1/fstab does not say what is mounted (/srv is not mounted at ${ROOT}/home): it was changed by hand while the instance runs. Put it right with instance_mounts, or restart the instance.`,
  },
  'a dataset that is nearly full': {
    happens: host => void host.outside('zfs', 'set', 'quota=2M', 'zroot/hosting/instances/web1/etc'),
    message:
      'web1: zroot/hosting/instances/web1/etc has 1 MiB left, and a switch needs 16 MiB to be safe. Free some space in the pool, or raise its quota.',
  },
  'a conflict, and conflicts are to fail': {
    happens: host => host.tree.write(`${ROOT}/usr/local/etc/php.ini`, 'memory = 64\n'),
    options: { ...TO, conflicts: 'fail' },
    message:
      'web1: a file was changed both by the customer and by the blueprint (usr/local/etc/php.ini: the customer and the new blueprint changed the same lines, in 1 place). Say `conflicts: keep` or `replace`, or make them alike.',
  },
  'the blueprint of its files was removed': {
    happens: host => void host.outside('zfs', 'set', 'bluejail:blueprint=2020Q1', 'zroot/hosting/instances/web1/etc'),
    message:
      'web1: its files came from 2020Q1@1, and the list of what that had is not there (/hosting/blueprints/2020Q1/.zfs/snapshot/complete): the blueprint was removed or is damaged. Without it nobody can tell what the customer changed. Build that blueprint again.',
  },
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
    message: `web1 runs on ${BLUEPRINT}@1 again: 'jail -f /etc/jail.conf.d/web1.conf -c web1' failed: jail: no. Last lines of /var/log/jails/web1.log: "Starting syslogd.", "Starting cron.", "Stopping syslogd.", "Stopping cron.".`,
  },
  'a start that hangs': {
    happens: host => host.machine.fault({ program: 'jail', when: args => args.includes('-c'), kind: 'hang', times: 1 }),
    message: `web1 runs on ${BLUEPRINT}@1 again: 'jail -f /etc/jail.conf.d/web1.conf -c web1' did not end within 1350 s and was stopped. See what holds it up (a suspended pool, a hanging disk: 'zpool status -x'), then run this again. Last lines of /var/log/jails/web1.log: "Starting syslogd.", "Starting cron.", "Stopping syslogd.", "Stopping cron.".`,
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
    message: `web1 runs on ${BLUEPRINT}@1 again: 'tar -cf - --no-recursion -C /hosting/blueprints/${NEXT}/.zfs/snapshot/complete/etc ./motd.template' failed with exit status 1: tar: could not chdir to '/hosting/blueprints/${NEXT}/.zfs/snapshot/complete/etc'.`,
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

describe('refused', () => {
  test.each(Object.entries(REFUSED))('%s', async (_title, { happens, options = TO, message }) => {
    const host = await switchHost()
    const changed = host.machine.counts
    happens(host)
    const error = await failing(host, options)
    expect(error.message).toBe(message)
    expect(host.performed.filter(step => /journal|jail -f|zfs/.test(describeStep(step)))).toEqual([])
    expect(changed).toBeDefined()
    expect(runsOn(host, 'web1')).toBe(BLUEPRINT)
  })
})

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
