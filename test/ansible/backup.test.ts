/** playbooks/backup.yml: copies of two hosts on a third, with keys that none had before. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
  expect((await source?.run('ls /usr/local/etc/cron.d'))?.stdout).toBe('bluejail-replicate\n')
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
