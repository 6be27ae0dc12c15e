/** A host full of instances: a run that changes nothing starts as many processes there as for one, and says how long it took. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ansible } from '../support/ansible.ts'
import { type FullHosts, MANY, startFullHosts } from '../support/full-hosts.ts'

let hosts: FullHosts
beforeAll(async () => {
  hosts = await startFullHosts()
})
afterAll(() => hosts.stop())

async function run(host: 'one' | 'many') {
  const began = performance.now()
  const { exit, rows, stdout, stderr } = await ansible('ansible-playbook', [...hosts.args, '-l', host])
  expect(exit, stdout + stderr).toBe(0)
  return { changes: rows.filter(({ result }) => result.changed).length, seconds: (performance.now() - began) / 1000 }
}

test(`all ${MANY} are made and run`, async () => {
  for (const host of ['one', 'many'] as const) expect((await run(host)).changes).toBeGreaterThan(0)
  expect((await hosts.many.run('jls name')).stdout.trimEnd().split('\n')).toHaveLength(MANY)
})

// Times depend on what else a machine does: processes are asserted, the time is told.
test(`a run that changes nothing starts as many processes for ${MANY} as for one`, async () => {
  const processes: Record<string, number>[] = []
  const seconds: number[] = []
  for (const host of ['one', 'many'] as const) {
    await hosts[host].resetCounts()
    const ran = await run(host)
    expect(ran.changes).toBe(0)
    processes.push(await hosts[host].counts())
    seconds.push(ran.seconds)
  }
  const [one = 0, many = 0] = seconds
  console.log(`nothing to change: ${MANY} instances take ${(many / one).toFixed(2)} times as long as one`)
  expect(processes[1]).toEqual(processes[0])
  expect(processes[0]).toMatchObject({ jls: expect.any(Number), mount: expect.any(Number), zfs: expect.any(Number) })
})
