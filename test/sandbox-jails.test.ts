/** Jails of a sandbox host: real processes in real network stacks. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from './sandbox/sandbox.ts'
import { heardFrom } from './support/daemon.ts'

const directory = mkdtempSync(join(tmpdir(), 'jails-'))
let host: Sandbox

/** A start script with a daemon that outlives it, a stop script that waits for its end. */
const RC = `#!/bin/sh
echo "Starting with $#"
ifconfig lo0 inet 127.0.0.1/8 up
/.sandbox/node -e 'require("net").createServer(c => c.end("hello from " + require("os").hostname())).listen(8080)' &
echo $! > /var/run/daemon.pid
`
const SHUTDOWN = `#!/bin/sh
kill $(cat /var/run/daemon.pid) || exit 1
echo stopped
`

const confOf = (id: string, unit: number) => `${id} {
  path = "/jails/$name/root";
  host.hostname = "$name.example.test";
  mount.fstab = "/jails/$name/fstab";
  mount.devfs;
  vnet;
  persist;
  exec.clean;
  exec.timeout = 20;
  stop.timeout = 2;
  exec.prepare = "ifconfig epair${unit} create && ifconfig epair${unit}a name e${unit}a_${id} && ifconfig epair${unit}b name e${unit}b_${id} && ifconfig bridge0 addm e${unit}a_${id} && ifconfig e${unit}a_${id} up";
  exec.created = "ifconfig e${unit}b_${id} vnet ${id}", "ifconfig -j ${id} e${unit}b_${id} name vnet0", "ifconfig -j ${id} vnet0 inet 10.66.0.1${unit}/24 up", "route -j ${id} add default 10.66.0.1";
  exec.start = "/bin/sh /etc/rc";
  exec.stop = "/bin/sh /etc/rc.shutdown jail";
  exec.release = "ifconfig e${unit}a_${id} destroy";
  exec.consolelog = "/var/log/$name.log";
}
`

beforeAll(async () => {
  host = await startSandbox({ name: 'jails', directory })
  await must(`
    zfs create -o mountpoint=/blueprint zroot/blueprint
    cd /blueprint; mkdir -p etc var dev usr/local tmp root
    mkdir -p /etc/jail.conf.d
    ifconfig bridge0 create inet 10.66.0.1/24 up`)
  await must('cat > /blueprint/etc/rc', RC)
  await must('cat > /blueprint/etc/rc.shutdown', SHUTDOWN)
  for (const [unit, id] of ['', 'one', 'two'].entries()) {
    if (id === '') continue
    await must(`
      zfs create -o mountpoint=legacy zroot/${id}
      mkdir -p /jails/${id}/root /seed
      mount -t zfs zroot/${id} /seed; mkdir /seed/run; umount /seed
      echo '/blueprint /jails/${id}/root nullfs ro 0 0' > /jails/${id}/fstab
      echo 'zroot/${id} /jails/${id}/root/var zfs rw 0 0' >> /jails/${id}/fstab`)
    await must(`cat > /etc/jail.conf.d/${id}.conf`, confOf(id, unit))
  }
})
afterAll(async () => {
  await host.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function must(command: string, input?: string): Promise<string> {
  const { exit, stdout, stderr } = await host.run(command, input)
  if (exit !== 0) throw new Error(`${command}: ${exit}\n${stdout}${stderr}`)
  return stdout.trim()
}

const start = (id: string) => must(`jail -f /etc/jail.conf.d/${id}.conf -c ${id}`)
const stop = (id: string) => must(`jail -f /etc/jail.conf.d/${id}.conf -r ${id}`)
const ask = (address: string) => must('node -', heardFrom(address))

describe('a jail', () => {
  test('runs its start script as a real process, whose daemon answers at the jail’s address', async () => {
    await host.resetCounts()
    expect(await start('one')).toContain('one: created')
    // What jail(8) starts itself is not the caller's.
    expect(await host.counts()).toEqual({ jail: 1 })
    expect(await must('cat /var/log/one.log')).toBe('Starting with 0')
    expect(await ask('10.66.0.11')).toBe('hello from one.example.test')
    expect(await must('jexec one cat /var/run/daemon.pid')).toMatch(/^\d+$/)
  })

  test('has its own processes, files, interfaces and name', async () => {
    await start('two')
    expect(await ask('10.66.0.12')).toBe('hello from two.example.test')
    expect(await must('jexec two ifconfig -l; jexec two hostname')).toBe('lo0 vnet0\ntwo.example.test')
    expect(await must('jexec two ps ax | grep -c "[c]reateServer"')).toBe('1')
    expect(await must('ps ax | grep -c "[c]reateServer"')).toBe('2')
    expect((await host.run('jexec two touch /etc/x')).stderr).toContain('Read-only file system')
    await must('jexec two touch /var/x; ls /jails/two/root/var/x')
    expect((await host.run('jexec two zfs list')).stderr).toBe('zfs: Operation not permitted\n')
    expect((await host.run('jexec two nosuch')).stderr).toBe('jexec: execvp: nosuch: No such file or directory\n')
  })

  test('reaches its neighbour and the host', async () => {
    const connect = (address: string) =>
      `jexec one /.sandbox/node -e 'require("net").connect(8080, "${address}").pipe(process.stdout)'`
    expect(await must(connect('10.66.0.12'))).toBe('hello from two.example.test')
    await must('ifconfig bridge0 private e1a_one private e2a_two')
    expect((await host.run(`timeout 1 ${connect('10.66.0.12')}`)).stdout).toBe('')
    await must('ifconfig bridge0 -private e1a_one')
  })

  test('passes standard input and the exit status of what runs in it', async () => {
    expect(await must('jexec one sh -c "cat > /var/given; cat /var/given"', 'words\n')).toBe('words')
    expect((await host.run('jexec one sh -c "exit 7"')).exit).toBe(7)
  })

  test('ends with all that runs in it, mounts and interfaces included', async () => {
    expect(await stop('two')).toBe('two: removed')
    expect(await must('ps ax | grep -c "[c]reateServer"')).toBe('1')
    expect(await must('ifconfig -l')).toBe('vtnet0 lo0 bridge0 e1a_one')
    expect((await host.run('mount | grep /jails/two')).stdout).toBe('')
    expect(await must('cat /var/log/two.log')).toContain('stopped')
  })

  test('whose stop script fails goes on running; -R ends it [live-2]', async () => {
    await must('jexec one rm /var/run/daemon.pid')
    const { exit, stderr } = await host.run('jail -f /etc/jail.conf.d/one.conf -r one')
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: 'jail: one: /bin/sh /etc/rc.shutdown jail: failed\n' })
    expect(await ask('10.66.0.11')).toBe('hello from one.example.test')
    await must('jail -R one')
    expect(await must('jls; ps ax | grep -c "[c]reateServer" || true')).toMatch(/Path\n0$/)
    await must('ifconfig vnet0 destroy; umount /jails/one/root/dev; umount -aF /jails/one/fstab')
  })
})

test('a start that takes too long is given up, and nothing of it stays [live-3]', async () => {
  await must('sed -i s/timeout.=.20/timeout=1/ /etc/jail.conf.d/two.conf; echo "sleep 60" > /blueprint/etc/rc')
  const { exit, stderr } = await host.run('jail -f /etc/jail.conf.d/two.conf -c two')
  expect({ exit, stderr }).toEqual({ exit: 1, stderr: 'jail: two: /bin/sh /etc/rc: timed out\n' })
  expect(await must('jls name; ps ax | grep -c "[s]leep 60" || true')).toBe('0')
  await must('ifconfig vnet0 destroy')
  await must('cat > /blueprint/etc/rc', RC)
})

test('a jail without persist goes with its last process [live-1]', async () => {
  await must('sed -i "/persist/d; s/timeout=1;/timeout=20;/" /etc/jail.conf.d/two.conf')
  await start('two')
  await host.run('jexec two kill -9 -1')
  expect(await must('jls name; mount | grep -c /jails/two')).toBe('3')
  await must('ifconfig vnet0 destroy; umount /jails/two/root/dev; umount -aF /jails/two/fstab')
})

test('after a loss of power jails start again as rc.conf says', async () => {
  await must('sysrc jail_enable=YES jail_list=one cloned_interfaces=bridge0 ifconfig_bridge0="inet 10.66.0.1/24"')
  await start('one')
  await host.powerCut()
  await host.boot()
  expect(await must('jls name; ifconfig -l')).toBe('one\nvtnet0 lo0 bridge0 e1a_one')
  expect(await ask('10.66.0.11')).toBe('hello from one.example.test')
})

test('lockf(1) holds a lock that others see [host-4, 08:22]', async () => {
  const { stdout, stderr } = await host.run(
    'lockf -t 0 /tmp/lk sleep 0.6 & sleep 0.3; lockf -t 0 /tmp/lk true; echo rc=$?; wait; lockf -t 0 /tmp/lk echo free; ls /tmp/lk',
  )
  expect(stdout).toBe('rc=75\nfree\n')
  expect(stderr).toContain('lockf: /tmp/lk: already locked\n')
})
