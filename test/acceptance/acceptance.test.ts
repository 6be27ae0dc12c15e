/** The acceptance tests themselves, against a sandbox host: what is tried on a real FreeBSD host is tried here first. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { moduleNames } from '../../build/modules.ts'
import { root } from '../../build/paths.ts'
import { quietEnvironment } from '../support/ansible.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'
import { acceptanceCases } from './cases.ts'

let hosts: Hosts
let inventory: string
beforeAll(async () => {
  hosts = await startHosts(['accept'])
  await hosts.host.run('zfs create zroot/scratch')
  // As after a reboot with it in loader.conf: without, rctl refuses (fact rctl-1).
  await hosts.host.setSysctl('kern.racct.enable', '1')
  inventory = join(hosts.directory, 'scratch.json')
  writeFileSync(inventory, JSON.stringify({ all: { hosts: { accept: { bluejail_test_dataset: 'zroot/scratch' } } } }))
})
afterAll(() => hosts.stop())

async function testHost(...args: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  const command = ['build/setup.mjs', 'test:host', ...args]
  const env = { ...process.env, ...quietEnvironment() }
  return promisify(execFile)(process.execPath, command, { cwd: root, env }).then(
    said => ({ exit: 0, ...said }),
    error => ({ exit: error.code, stdout: error.stdout, stderr: error.stderr }),
  )
}

test('every module has acceptance cases, and roles have', () => {
  expect([...new Set(acceptanceCases().map(one => one.module))].sort()).toEqual([...moduleNames(), 'roles'].sort())
})

/** For some 400 tasks, on a machine that has other things to do. */
const ALL_CASES_MILLISECONDS = 900_000

test('npm run test:host passes on a sandbox host and leaves nothing behind', {
  timeout: ALL_CASES_MILLISECONDS,
}, async () => {
  const before = await hosts.host.run('zfs list -H -t all -o name')
  const { exit, stdout, stderr } = await testHost('-i', hosts.inventory, '-i', inventory, '-l', 'accept', '-b')
  expect(stdout.match(/^(✗| {4}).*/gm) ?? [], stderr).toEqual([])
  expect(stdout).toMatch(new RegExp(`^${acceptanceCases().length + 1} passed, 0 failed, 0 skipped$`, 'm'))
  expect(exit).toBe(0)
  expect(await hosts.host.run('zfs list -H -t all -o name')).toEqual(before)
})

test('it refuses to start without saying where', async () => {
  const { exit, stderr } = await testHost('-i', hosts.inventory)
  expect(stderr).toContain('usage: npm run test:host -- -i INVENTORY -l HOST')
  expect(exit).toBe(2)
})

test('a host that names no dataset for tests is left alone, and the run fails', async () => {
  const before = await hosts.host.run('zfs list -H -t all -o name')
  const { exit, stdout } = await testHost('-i', hosts.inventory, '-l', 'accept', '-b')
  expect(stdout).toContain('bluejail_test_dataset')
  expect(exit).toBe(1)
  expect(await hosts.host.run('zfs list -H -t all -o name')).toEqual(before)
})
