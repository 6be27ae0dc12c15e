/** instance_jail through Ansible, on a sandbox host where processes in jails are real: they answer, hang, and are killed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ansible } from '../support/ansible.ts'
import { heardFrom } from '../support/daemon.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'

const IDS = ['one', 'two', 'three', 'four']
const options = {
  host: 'jails',
  boot: false,
  interfaces: [{ bridge: 'hosting0', addresses: ['10.66.0.11/24'] }],
  gateways: ['10.66.0.1'],
  parameters: { 'exec.timeout': 3, 'stop.timeout': 1 },
}

/** `/var/mode` is the customer's, and decides how the scripts behave. */
const RC = `#!/bin/sh
date +'started %s%3N' >> /var/times
case $(cat /var/mode) in
fails) echo 'Starting mysql.'; echo 'mysqld: no space left'; exit 1;;
hangs) echo 'Waiting for the network.'; sleep 600;;
slow) sleep 1.5;;
esac
ifconfig lo0 inet 127.0.0.1/8 up
/.sandbox/node -e 'require("net").createServer(c => c.end("hello from " + require("os").hostname())).listen(8080)' &
date +'up %s%3N' >> /var/times
`
const SHUTDOWN = `#!/bin/sh
case $(cat /var/mode) in
stubborn) echo 'I stay.'; exit 1;;
sticky) sleep 600;;
esac
`

let hosts: Hosts
beforeAll(async () => {
  hosts = await startHosts(['jails'])
  await must(`
    zfs create -o mountpoint=/hosting zroot/hosting && zfs create zroot/hosting/instances
    mkdir -p /hosting/base/etc /hosting/base/var /hosting/base/dev /hosting/base/tmp
    ifconfig bridge create name hosting0 && ifconfig hosting0 inet 10.66.0.1/24 up
    kldload pf && echo 'anchor "hosting/*"' | pfctl -f - && pfctl -e`)
  await must('cat > /hosting/base/etc/rc', RC)
  await must('cat > /hosting/base/etc/rc.shutdown', SHUTDOWN)
  for (const id of IDS)
    await must(`
      zfs create zroot/hosting/instances/${id} && zfs create -o mountpoint=legacy zroot/hosting/instances/${id}/var
      cd /hosting/instances/${id} && mkdir root
      echo "/hosting/base $PWD/root nullfs ro 0 0" > fstab
      echo "zroot/hosting/instances/${id}/var $PWD/root/var zfs rw 0 0" >> fstab`)
})
afterAll(() => hosts.stop())

async function must(command: string, input?: string): Promise<string> {
  const { exit, stdout, stderr } = await hosts.host.run(command, input)
  if (exit !== 0) throw new Error(`${command}: ${exit}\n${stdout}${stderr}`)
  return stdout.trim()
}

async function module(given: object) {
  const args = [
    'all',
    '-i',
    hosts.inventory,
    '-b',
    '-m',
    'bluejail.hosting.instance_jail',
    '-a',
    JSON.stringify({ ...options, ...given }),
  ]
  const { rows, stdout, stderr } = await ansible('ansible', [...args, '-e', 'ansible_pipelining=true'])
  expect(rows, stdout + stderr).toHaveLength(1)
  return { ...rows[0]?.result, status: rows[0]?.status }
}

/** How its scripts behave from now on, running or not. */
async function behave(id: string, mode: string): Promise<void> {
  const { exit } = await hosts.host.run(`mount -t zfs zroot/hosting/instances/${id}/var /mnt`)
  const place = exit === 0 ? '/mnt' : `/hosting/instances/${id}/root/var`
  await must(`echo ${mode} > ${place}/mode; rm -f ${place}/times`)
  if (exit === 0) await must('umount /mnt')
}

const traces = async (id: string) => ({
  jail: (await hosts.host.run(`jls -j ${id} name 2>/dev/null`)).stdout.trim(),
  mounts: (await hosts.host.run(`mount | grep /hosting/instances/${id}/root`)).stdout,
  interfaces: (await hosts.host.run(`ifconfig -l | tr ' ' '\\n' | grep -E '_${id}$|vnet'`)).stdout,
})
const NOTHING = { jail: '', mounts: '', interfaces: '' }
const daemons = async () => Number((await hosts.host.run('ps ax | grep -c "[c]reateServer"')).stdout)

const ask = () => must('node -', heardFrom('10.66.0.11'))

describe('an instance', () => {
  test('is started, and its service answers at its address; stopped, nothing of it is left', async () => {
    await behave('one', 'well')
    expect(await module({ id: 'one', hostname: 'one.example.net' })).toMatchObject({
      changed: true,
      msg: 'one: started',
    })
    expect(await ask()).toBe('hello from one.example.net')
    expect(await module({ id: 'one', hostname: 'one.example.net' })).toMatchObject({ changed: false })
    expect(await module({ id: 'one', state: 'stopped' })).toMatchObject({ msg: 'one: stopped' })
    expect(await traces('one')).toEqual(NOTHING)
    expect(await daemons()).toBe(0)
  })

  test.each([
    ['stubborn', 'failed'],
    ['sticky', 'timed out'],
  ])('live-2: with a %s shutdown script is stopped by force, its processes killed', async (mode, words) => {
    await behave('one', 'well')
    await module({ id: 'one' })
    await behave('one', mode)
    const report = await module({ id: 'one', state: 'stopped' })
    expect(report.warnings).toEqual([
      expect.stringContaining(
        `one was stopped by force (jail -R), its processes killed: jail: one: /bin/sh /etc/rc.shutdown jail: ${words}`,
      ),
    ])
    expect(await traces('one')).toEqual(NOTHING)
    expect(await daemons()).toBe(0)
  })

  test.each([
    ['fails', '/bin/sh /etc/rc: failed', '"mysqld: no space left"'],
    ['hangs', '/bin/sh /etc/rc: timed out', '"Waiting for the network."'],
  ])(
    'live-3, jail-6: whose start script %s leaves nothing, and the console is in the message',
    async (mode, words, last) => {
      await behave('one', mode)
      const report = await module({ id: 'one' })
      expect(report).toMatchObject({ status: 'failed', changed: true })
      expect(report.msg).toContain(`one did not start: jail: one: ${words}`)
      expect(report.msg).toContain(last)
      expect(await traces('one')).toEqual(NOTHING)
    },
  )

  test('jail-4: a process of the host in its files is waited for', async () => {
    await behave('one', 'well')
    await module({ id: 'one' })
    // It stays for two seconds longer than the jail, however slow the stop.
    const lingers = 'while jls -j one; do sleep 0.2; done; sleep 2'
    await must(`cd /hosting/instances/one/root/var && (sh -c '${lingers}' >/dev/null 2>&1 &)`)
    const report = await module({ id: 'one', state: 'stopped' })
    expect(report.steps).toContain('sleep 1')
    expect(await traces('one')).toEqual(NOTHING)
  })

  test('live-1: that killed all its own processes runs on, and is stopped as any other', async () => {
    await module({ id: 'one' })
    await hosts.host.run('jexec one sh -c "kill -9 -1"')
    expect(await traces('one')).toMatchObject({ jail: 'one' })
    expect(await module({ id: 'one', state: 'stopped' })).toMatchObject({ msg: 'one: stopped' })
    expect(await traces('one')).toEqual(NOTHING)
  })
})

test('neighbours do not reach each other unless both are to, and the host reaches them', async () => {
  const askedByTwo = async () => {
    const connect = 'require("net").connect(8080, "10.66.0.11").pipe(process.stdout)'
    return (await hosts.host.run(`timeout 3 jexec two /.sandbox/node -e '${connect}'`)).stdout
  }
  const both = (isPrivate: boolean) => ({
    instances: ['one', 'two'].map((id, index) => ({
      id,
      interfaces: [{ bridge: 'hosting0', addresses: [`10.66.0.1${index + 1}/24`], private: isPrivate }],
    })),
    interfaces: [],
    restart: true,
  })
  for (const id of ['one', 'two']) await behave(id, 'well')
  await module(both(true))
  expect(await ask()).toMatch(/^hello from/)
  expect(await askedByTwo()).toBe('')
  await module(both(false))
  expect(await ask()).toMatch(/^hello from/)
  expect(await askedByTwo()).toMatch(/^hello from/)
  expect((await module({ ...both(true), state: 'stopped' })).msg).toBe('2 instances: 2 stopped')
})

test('several are started side by side, in the time of the slowest', async () => {
  for (const id of IDS) await behave(id, 'slow')
  const report = await module({ instances: IDS, interfaces: ['hosting0'], gateways: [], parallel: 4 })
  expect(report.msg).toBe('4 instances: 4 started')
  const times = await Promise.all(IDS.map(id => must(`cat /hosting/instances/${id}/root/var/times`)))
  const milliseconds = (word: string) => times.map(text => Number(new RegExp(`^${word} (\\d+)`, 'm').exec(text)?.[1]))
  expect(Math.max(...milliseconds('started'))).toBeLessThan(Math.min(...milliseconds('up')))
  await module({ instances: IDS, interfaces: ['hosting0'], gateways: [], state: 'absent', destroy_datasets: true })
  expect(await must('zfs list -H -o name -r zroot/hosting/instances')).toBe('zroot/hosting/instances')
})
