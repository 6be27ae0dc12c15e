/** A host full of instances: a run that changes nothing starts as many processes there as for one, and takes hardly longer. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FULL_GOAL } from '../bench/full.ts'
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

test(`a run that changes nothing starts as many processes for ${MANY} as for one`, async () => {
  const processes: Record<string, number>[] = []
  for (const host of ['one', 'many'] as const) {
    await hosts[host].resetCounts()
    expect((await run(host)).changes).toBe(0)
    processes.push(await hosts[host].counts())
  }
  expect(processes[1]).toEqual(processes[0])
  expect(processes[0]).toMatchObject({ jls: expect.any(Number), mount: expect.any(Number), zfs: expect.any(Number) })
})

// What else a machine does makes a run longer and never shorter: so of several in turns the fastest count.
test(`and takes at most ${FULL_GOAL} times as long`, async () => {
  const seconds: Record<'one' | 'many', number[]> = { one: [], many: [] }
  const ratio = () => Math.min(...seconds.many) / Math.min(...seconds.one)
  for (let turn = 0; turn < 3 || (turn < 10 && ratio() > FULL_GOAL); turn++)
    for (const host of ['one', 'many'] as const) seconds[host].push((await run(host)).seconds)
  console.log(`nothing to change: ${MANY} instances take ${ratio().toFixed(2)} times as long as one`)
  expect(ratio()).toBeLessThanOrEqual(FULL_GOAL)
})
