/** hosting_info as plays use it: facts for later tasks, and no waiting for whoever changes the host meanwhile. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { ansible, cores } from '../support/ansible.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'

let hosts: Hosts
let holder: Promise<unknown>
const isHeld = async () => (await hosts.host.run('lockf -k -s -t 0 /var/run/bluejail.lock true')).exit === 75

beforeAll(async () => {
  hosts = await startHosts(['told'])
  holder = hosts.host.run("lockf -k /var/run/bluejail.lock sh -c 'until [ -e /tmp/over ]; do sleep 0.2; done'")
  while (!(await isHeld())) await new Promise(resolve => setTimeout(resolve, 50))
})
afterAll(async () => {
  await hosts.host.run('touch /tmp/over')
  await holder
  await hosts.stop()
})

describe.each(cores)('ansible-core %s', core => {
  test('a later task reads of the host what an earlier one was told, while somebody else holds the lock', async () => {
    const playbook = join(hosts.directory, 'told.yml')
    const tasks = [
      { name: 'look', 'bluejail.hosting.hosting_info': { facts: true }, register: 'seen' },
      {
        name: 'use it',
        'ansible.builtin.assert': {
          that: [
            "ansible_facts.bluejail.pools.zroot.health == 'ONLINE'",
            'bluejail == seen.state',
            'bluejail.instances | length == 0',
          ],
        },
      },
    ]
    writeFileSync(playbook, stringify([{ hosts: 'all', gather_facts: false, become: true, tasks }]))

    const { rows, stdout } = await ansible('ansible-playbook', ['-i', hosts.inventory, playbook], { core })
    expect(
      rows.map(({ task, status, result }) => [task, status, result.changed]),
      stdout,
    ).toEqual([
      ['look', 'ok', false],
      ['use it', 'ok', false],
    ])
    expect(await isHeld()).toBe(true)
  })
})
