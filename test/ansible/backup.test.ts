/** playbooks/backup.yml: copies of two hosts on a third, with keys that none had before. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeCommand } from '../../modules/core/step.ts'
import { receive } from '../../modules/freebsd/zfs-send.ts'
import { OWN_AFFAIR } from '../../modules/rules/replica/affairs.ts'
import { ansible, type Ran } from '../support/ansible.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'
import { essenceOf } from '../support/task-rows.ts'

const AUTHORIZED = '/var/db/bluejail-replica/source1/.ssh/authorized_keys'

let hosts: Hosts
let inventory: string
beforeAll(async () => {
  hosts = await startHosts(['source1', 'keeper1', 'source2'])
  for (const host of hosts.sandboxes) await host.run('zfs create zroot/hosting')
  inventory = join(hosts.directory, 'backup.json')
  const source = { backup_source_to: 'keeper1' }
  const vars = { hosts: { source1: source, source2: source, keeper1: {} } }
  writeFileSync(inventory, JSON.stringify({ hosting: vars }))
})
afterAll(() => hosts.stop())

const backup = (...flags: string[]) =>
  ansible('ansible-playbook', ['-i', inventory, '-i', hosts.inventory, 'bluejail.hosting.backup', ...flags])
const said = ({ stdout, stderr }: Ran) => stdout + stderr
const changes = ({ rows }: Ran) =>
  rows.filter(({ result }) => result.changed).map(({ host, task }) => `${host}: ${task}`)

test('keys are exchanged, a login is made, and the program is told what to do', async () => {
  // In whichever order hosts are.
  const foretold = await backup('--check', '-e', 'target=source2:keeper1:source1')
  const ran = await backup()
  expect(ran.exit, said(ran)).toBe(0)
  expect(essenceOf(ran.rows)).toEqual(essenceOf(foretold.rows))
  const [source, keeper] = hosts.sandboxes
  const key = (await source?.run('cut -d" " -f1,2 /root/.ssh/replica.pub'))?.stdout.trim()
  const authorized = await keeper?.run(`cat ${AUTHORIZED}`)
  expect(authorized?.stdout).toBe(
    `restrict,command="/usr/local/libexec/bluejail/replicate serve --target zroot/copies/source1" ${key}\n`,
  )
  const hostKey = (await keeper?.run('cut -d" " -f1,2 /etc/ssh/ssh_host_ed25519_key.pub'))?.stdout.trim()
  expect((await source?.run('cat /usr/local/etc/bluejail/replicate.known_hosts'))?.stdout).toContain(hostKey)
  expect((await source?.run('ls /usr/local/etc/cron.d /usr/local/etc/periodic/daily'))?.stdout).toMatch(
    /bluejail-replicate[\s\S]*406.status-bluejail-replicate/,
  )
  expect((await keeper?.run('zfs get -H -o value canmount,mountpoint zroot/copies/source1'))?.stdout).toBe(
    'off\nnone\n',
  )

  const served = await keeper?.run(
    `SSH_ORIGINAL_COMMAND='zfs destroy zroot/copies/source1' /usr/local/libexec/bluejail/replicate serve --target zroot/copies/source1; echo $?`,
  )
  expect(served?.stdout).toBe('2\n')
})

test('a second run has nothing to do, and a check says the same', async () => {
  expect(changes(await backup('--check'))).toEqual([])
  expect(changes(await backup())).toEqual([])
})

test('one of the two alone: nothing is undone, and it is said what waits', async () => {
  const [, keeper] = hosts.sandboxes
  const before = (await keeper?.run(`cat ${AUTHORIZED}`))?.stdout
  const source = await backup('-l', 'source1')
  expect([source.exit, changes(source)], said(source)).toEqual([0, []])
  expect(said(source)).toContain('keeper1 did not tell its key in this run')

  const alone = await backup('-l', 'keeper1')
  expect([alone.exit, changes(alone)], said(alone)).toEqual([0, []])

  const unreachable = { hosting: { hosts: { source1: { ansible_port: 1 } } } }
  writeFileSync(join(hosts.directory, 'unreachable.json'), JSON.stringify(unreachable))
  const ran = await backup('-i', join(hosts.directory, 'unreachable.json'))
  expect(changes(ran), said(ran)).toEqual([])
  expect(said(ran)).toContain('source1 did not tell its key in this run')
  expect((await keeper?.run(`cat ${AUTHORIZED}`))?.stdout).toBe(before)
  expect(before).toContain('ssh-ed25519 ')
})

test('a stream that comes in by the forced command is received, and nothing of it is mounted', async () => {
  const [, keeper] = hosts.sandboxes
  const copy = 'zroot/copies/source1/photos'
  const line = describeCommand(receive(copy, { type: 'filesystem', without: OWN_AFFAIR, nowhere: true }))
  const serve = '/usr/local/libexec/bluejail/replicate serve --target zroot/copies/source1'
  const ran = await keeper?.run(
    `zfs create zroot/photos && zfs snapshot zroot/photos@a && zfs send -Lecp zroot/photos@a | SSH_ORIGINAL_COMMAND='${line}' ${serve}; echo $?`,
  )
  expect(ran?.stdout).toBe('0\n')
  expect((await keeper?.run(`zfs get -H -o value readonly,canmount,mountpoint,mounted ${copy} | xargs`))?.stdout).toBe(
    'on noauto none no\n',
  )
})

test('a host that replicates no more is left with nothing of it, and its login goes when that is said', async () => {
  const [source, keeper] = hosts.sandboxes
  const without = {
    hosting: { hosts: { source1: { backup_source_to: '' }, keeper1: { backup_target_gone: ['source1'] } } },
  }
  writeFileSync(join(hosts.directory, 'without.json'), JSON.stringify(without))
  const more = ['-i', join(hosts.directory, 'without.json')]
  const foretold = await backup(...more, '--check')
  const ran = await backup(...more)
  expect([ran.exit, essenceOf(ran.rows)], said(ran)).toEqual([0, essenceOf(foretold.rows)])
  expect(
    (await source?.run('ls /usr/local/etc/cron.d /usr/local/libexec/bluejail; zfs list -H -t bookmark -o name'))
      ?.stdout,
  ).not.toMatch(/replica/)
  expect(
    (
      await keeper?.run(
        `cat ${AUTHORIZED} 2>/dev/null; grep -c source1 /etc/passwd; zfs list -H -o name zroot/copies/source1`,
      )
    )?.stdout,
  ).toBe('0\nzroot/copies/source1\n')
  // The program is there for the other one.
  expect((await keeper?.run('ls /usr/local/libexec/bluejail'))?.stdout).toBe('replicate\n')
  expect(changes(await backup(...more))).toEqual([])
})
