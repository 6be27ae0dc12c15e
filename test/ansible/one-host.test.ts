/** What brings up copies is for one host: two of them would run the same instances. No host is asked anything. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ansible } from '../support/ansible.ts'
import { playing } from '../support/site-hosts.ts'

let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'one-host-'))
  const unreachable = { ansible_host: '127.0.0.1', ansible_port: 1 }
  const from = { ...unreachable, instances: [{ id: 'web1', blueprint: '2026Q4-web' }] }
  const keepers = { hosts: { east: unreachable, south: unreachable } }
  const inventory = { all: { hosts: { north: from }, children: { keepers } } }
  writeFileSync(join(scratch, 'hosts.json'), JSON.stringify(inventory))
})
afterAll(() => rmSync(scratch, { recursive: true }))

test.each([
  [
    'failover',
    { failover_from: 'north', failover_fenced: true, failover_to: 'keepers' },
    '-e failover_to=HOST, one host',
  ],
  ['restore_drill', { drill_from: 'north', instance: 'web1', drill_on: 'keepers' }, '-e drill_on=HOST, one host'],
])('%s is refused for a group', async (playbook, wish, told) => {
  const { exit, rows } = await ansible('ansible-playbook', [
    '-i',
    join(scratch, 'hosts.json'),
    ...playing(playbook, wish),
  ])
  expect(exit).toBe(2)
  expect(rows.at(-1)?.task).toBe('Be sure that it is meant')
  expect(rows.at(-1)?.result.msg).toContain(told)
})
