/** The main job: playbooks/site.yml on the hosts of the example inventory. Foretold, run, and run again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ansible, type Core, cores, type Ran } from '../support/ansible.ts'
import { exampleHosts, exampleInstances } from '../support/example-inventory.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'
import { type MirrorSite, startMirrorSite } from '../support/mirror-site.ts'
import { essenceOf } from '../support/task-rows.ts'

const changedRows = (ran: Ran) => ran.rows.filter(({ result }) => result.changed === true)
const said = ({ stdout, stderr }: Ran) => stdout + stderr

let mirror: MirrorSite
beforeAll(async () => {
  mirror = await startMirrorSite()
})
afterAll(() => mirror.mirror.close())

const playbook = (core: Core, hosts: Hosts, name: string, ...more: string[]) =>
  ansible('ansible-playbook', ['-i', 'playbooks/inventory', '-i', hosts.inventory, `playbooks/${name}.yml`, ...more], {
    core,
  })

describe.each(cores)('ansible-core %s', core => {
  let hosts: Hosts
  beforeAll(async () => {
    hosts = await startHosts(exampleHosts(), { vars: mirror.vars })
    // Booted with what the role puts into loader.conf; hamburg2 is yet to be (fact rctl-1).
    for (const name of ['hamburg1', 'amsterdam1']) await named(name).setSysctl('kern.racct.enable', '1')
  })
  afterAll(() => hosts.stop())
  const site = (...more: string[]) => playbook(core, hosts, 'site', ...more)
  const named = (name: string) => {
    const host = hosts.sandboxes.find(sandbox => sandbox.name === name)
    if (host === undefined) throw new Error(`the example inventory has no host ${name}`)
    return host
  }

  let foretold: Ran

  test('check mode foretells the first run, and touches nothing', async () => {
    foretold = await site('--check', '--diff')
    expect(foretold.exit, said(foretold)).toBe(0)
    for (const host of hosts.sandboxes) {
      expect((await host.run('zfs list -H -o name zroot/hosting')).stderr).toContain('does not exist')
      expect((await host.run('cat /etc/rc.conf')).stdout).not.toContain('jail')
    }
  })

  test('the first run does what was foretold, task by task and step by step', async () => {
    const done = await site('--diff')
    expect(done.exit, said(done)).toBe(0)
    expect(essenceOf(done.rows)).toEqual(essenceOf(foretold.rows))
  })

  let lastRows: Ran['rows'] = []
  test('the second run has nothing to do, and check mode knows it', async () => {
    for (const ran of [await site('--check'), await site()]) {
      lastRows = ran.rows
      expect(ran.exit, said(ran)).toBe(0)
      expect(changedRows(ran)).toEqual([])
      expect(ran.stdout).toMatch(/changed=0/)
    }
  })

  test('every instance runs on its blueprint, with the services that its rc.conf names', async () => {
    const running = await Promise.all(hosts.sandboxes.map(async host => (await host.run('jls name')).stdout))
    expect(running.join('').trimEnd().split('\n').sort()).toEqual(Object.keys(exampleInstances()).sort())
    const shop = await named('hamburg1').run(
      "jexec larsen-shop /bin/sh -c 'hostname; cat /usr/local/www/nginx/index.html'",
    )
    expect(shop.stdout).toMatch(/^larsen-shop\n/)
    const log = await named('hamburg1').run('cat /hosting/instances/larsen-shop/console.log')
    expect(log.stdout).toMatch(/Starting mysql\.\nStarting nginx\./)
    expect((await named('amsterdam1').run('zfs list -H -o name -d 1 zroot/hosting/blueprints')).stdout).toBe(
      'zroot/hosting/blueprints\nzroot/hosting/blueprints/2026Q4-php84\n',
    )
  })

  test('in the end it is told how the hosts are, in words, and no word is an error', async () => {
    const told = (name: string) =>
      lastRows.find(row => row.host === name && row.task === 'Tell how they are')?.result.msg
    const [sentence, head, ...rows] = told('hamburg1') as unknown as string[]
    expect(sentence).toMatch(
      /^hamburg1 has 3 instances, of which 3 run on 2 blueprints\. .*Everything is as configured\.$/,
    )
    expect(head).toMatch(/^instance +runs +cpu +cpus +memory +swap +processes +disk/)
    expect(rows.find(row => row.startsWith('larsen-shop'))).toMatch(/ 2026Q4-php84 .*\/4G +\d+\/800 .*\/40G/)
    expect(told('hamburg2')).toContainEqual(
      expect.stringContaining('its limits are not in force, since this kernel keeps none'),
    )
  })

  if (core === cores[0]) return

  test('limits hold for each, and after the reboot that they need for all', async () => {
    expect((await named('hamburg1').run('rctl jail:larsen-shop: | sort')).stdout.trimEnd().split('\n')).toEqual([
      ...['maxproc:deny=800', 'nthr:deny=1000', 'openfiles:deny=20000', 'swapuse:deny=4294967296'].map(
        rule => `jail:larsen-shop:${rule}`,
      ),
    ])
    expect((await named('hamburg1').run('cpuset -g -j larsen-test')).stdout).toMatch(/mask: 0$/m)
    const unlimited = await site('-l', 'hamburg2')
    expect(changedRows(unlimited)).toEqual([])
    expect(said(unlimited)).toContain('kern.racct.enable is 0')
    expect((await named('hamburg2').run('grep -c ^jail:kite-club: /etc/rctl.conf')).stdout).toBe('4\n')
  })

  test('copies: two hosts replicate to the third by cron, with keys that were exchanged', async () => {
    const to = named('amsterdam1')
    const hostKey = (await to.run('cut -d" " -f1,2 /etc/ssh/ssh_host_ed25519_key.pub')).stdout.trimEnd()
    for (const name of ['hamburg1', 'hamburg2']) {
      const from = named(name)
      const key = (await from.run('cut -d" " -f1,2 /root/.ssh/replica.pub')).stdout.trimEnd()
      expect((await to.run(`cat /var/db/bluejail-replica/${name}/.ssh/authorized_keys`)).stdout).toBe(
        `restrict,command="/usr/local/libexec/bluejail/replicate serve --target zroot/copies/${name}" ${key}\n`,
      )
      expect((await from.run('cat /usr/local/etc/bluejail/replicate.known_hosts')).stdout).toContain(hostKey)
      expect((await from.run('cat /usr/local/etc/cron.d/bluejail-replicate')).stdout).toMatch(/replicate run --quiet/)
    }
    expect((await to.run('zfs list -H -r -o name zroot/copies; ls /usr/local/etc/cron.d')).stdout.split('\n')).toEqual([
      ...['zroot/copies', 'zroot/copies/hamburg1', 'zroot/copies/hamburg2'],
      ...['bluejail-autosnap', ''],
    ])
    const status = await to.run('/usr/local/libexec/bluejail/autosnap status')
    expect(status.stdout).toMatch(/copies/)
  })

  test('a host by itself, or another group: copies go on as they were set up', async () => {
    for (const flags of [
      ['-l', 'hamburg1'],
      ['-e', 'target=hamburg1'],
    ]) {
      const alone = await site(...flags)
      expect([alone.exit, changedRows(alone)], said(alone)).toEqual([0, []])
      expect([...new Set(alone.rows.map(({ host }) => host))]).toEqual(['hamburg1'])
      expect(said(alone)).toContain('amsterdam1 did not tell its key in this run')
    }
  })

  test('a host without node is left out when checking, of what is on other hosts too', async () => {
    const node = 'ansible_node_interpreter=/usr/local/bin/node-of-tomorrow'
    const checked = await site('--check', '-l', 'hamburg1', '-e', node)
    expect(checked.exit, said(checked)).toBe(0)
    expect(checked.rows.at(-1)?.result.msg).toContain('so this host is left out of the rest')
  })

  test('networks: NAT and a redirect, a VLAN of the uplink, and nobody sends as somebody else', async () => {
    const rules = (await named('hamburg1').run('pfctl -a hosting/all_bridges -sn')).stdout
    expect(rules).toMatch(/^nat on vtnet0 inet from 10\.66\.1\.0\/24 to any -> \(vtnet0:0\)/m)
    expect(rules).toMatch(/^rdr pass on vtnet0 inet proto tcp .* port = 80 -> 10\.66\.1\.11 port 80/m)
    const bridges = (await named('hamburg2').run('ifconfig bridge1; ifconfig vtnet0.100')).stdout
    expect(bridges).toMatch(/member: vtnet0\.100 /)
    expect(bridges).toMatch(/member: e0a_musikschule flags=\w+<[^>]*PRIVATE/)
    expect(bridges).toMatch(/vlan: 100 .*parent interface: vtnet0/)
    expect((await named('hamburg2').run('pfctl -a hosting/musikschule -sr')).stdout).toMatch(
      /on e0a_musikschule inet from ! <own_e0a_musikschule>[\s\S]*on e1a_musikschule inet from ! <own_e1a_musikschule>/,
    )
    expect((await named('hamburg1').run('sysrc -n cloned_interfaces pf_enable gateway_enable')).stdout).toBe(
      'bridge0:sticky\nYES\nYES\n',
    )
  })

  test('live-15: the host is laid out, closed where customers are root, and gives each instance time to stop; after a reboot too', async () => {
    for (const host of hosts.sandboxes) {
      const modes = await host.run("stat -c '%a %U' /hosting/instances /hosting/shared /hosting/blueprints")
      expect(modes.stdout).toBe('700 root\n700 root\n755 root\n')
    }
    const host = named('hamburg1')
    // 300 seconds for all instances side by side, 90 for the rest (fact live-15).
    const rc = await host.run('sysrc -n bluejail_stop_timeout rcshutdown_timeout jail_list jail_parallel_start')
    expect(rc.stdout).toBe('300\n390\nlarsen-shop buchhandel\nYES\n')
    const kernel = await host.run('sysctl -n kern.init_shutdown_timeout; grep racct /boot/loader.conf')
    expect(kernel.stdout).toBe('420\nkern.racct.enable="1"\n')
    const nightly = await host.run('cat /etc/periodic.conf; ls /usr/local/etc/periodic/daily')
    expect(nightly.stdout).toMatch(/daily_scrub_zfs_enable="YES"[\s\S]*406\.status-bluejail-pools/)
    expect((await host.run('cat /hosting/blueprints/2026Q4-php84/etc/crontab')).stdout).not.toMatch(/root\s+periodic/)
  })

  test('datasets of databases are tuned, and nothing setuid is run from what a customer writes', async () => {
    const own = 'zroot/hosting/instances/larsen-shop'
    const listed = await named('hamburg1').run(
      `zfs get -H -o value recordsize,primarycache,logbias,exec,setuid,mountpoint ${own}/var-db-mysql; zfs get -H -o value quota,mountpoint ${own}`,
    )
    expect(listed.stdout.trimEnd().split('\n')).toEqual([
      ...['16K', 'metadata', 'throughput', 'off', 'off', 'legacy'],
      ...['40G', '/hosting/instances/larsen-shop'],
    ])
  })

  test('what a customer makes of the files of the first start stays', async () => {
    const root = '/hosting/instances/larsen-shop/root'
    const host = named('hamburg1')
    expect((await host.run(`cat ${root}/etc/resolv.conf; readlink ${root}/etc/localtime`)).stdout).toBe(
      'nameserver 192.0.2.53\n/usr/share/zoneinfo/Europe/Berlin\n',
    )
    expect((await host.run(`stat -c '%a %u' ${root}/root/.ssh ${root}/root/.ssh/authorized_keys`)).stdout).toBe(
      '700 0\n600 0\n',
    )
    await host.run(`jexec larsen-shop /bin/sh -c 'echo mine > /etc/rc.conf; rm -r /root/.ssh'`)
    const ran = await site('-l', 'hamburg1')
    expect(changedRows(ran), said(ran)).toEqual([])
    expect((await host.run(`cat ${root}/etc/rc.conf; ls -A ${root}/root`)).stdout).toBe('mine\n.cshrc\n.profile\n')
  })

  test('a host that was changed by hand is put right, and that alone', async () => {
    const host = named('hamburg2')
    await host.run('zfs set atime=on zroot/hosting && chmod 755 /hosting/shared')
    await host.run('jail -f /etc/jail.conf.d/musikschule.conf -r musikschule')
    const ran = await site()
    expect(changedRows(ran).map(row => [row.host, row.result.steps])).toEqual([
      ['hamburg2', ['zfs set atime=off zroot/hosting', 'chmod 0700 /hosting/shared']],
      ['hamburg2', [expect.stringMatching(/^jail .*-c musikschule/)]],
    ])
  })

  test('an instance that its customer has spoilt is told in the end, after what is done for all others', async () => {
    const host = named('hamburg2')
    await host.run(
      'cd /hosting/instances/musikschule/root/etc && echo exit 1 > rc; rm /usr/local/etc/cron.d/bluejail-*',
    )
    await host.run('jail -f /etc/jail.conf.d/musikschule.conf -r musikschule')
    const ran = await site()
    const failed = ran.rows.filter(({ status }) => status === 'failed')
    expect(failed.map(({ host }) => host)).toEqual(['hamburg2', 'hamburg2'])
    expect(failed[1]?.result.msg).toContain('musikschule did not start')
    expect((await host.run('ls /usr/local/etc/cron.d')).stdout).toBe('bluejail-autosnap\nbluejail-replicate\n')
  })
})
