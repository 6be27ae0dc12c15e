/** A jail that was removed, and that something in the kernel still holds: it is waited for, but not for ever. */
import { expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { converged, jailHost, ON_BRIDGE, tracesOf } from '../support/jail-host.ts'

const options = { id: 'web1', ...ON_BRIDGE }
const START = 'jail -f /etc/jail.conf.d/web1.conf -c web1'

/** jls(8) shows a dying jail of web1's name for so many looks: the imitated kernel lets go of jails at once. */
function whereItDies(host: FakeHost, looks: number): FakeHost {
  let left = looks
  return {
    ...host,
    get counts() {
      return host.counts
    },
    async query(command, settings) {
      const answer = await host.query(command, settings)
      if (command[0] !== 'jls' || left-- <= 0) return answer
      const listed = JSON.parse(answer.stdout)
      const dying = { jid: '9', name: 'web1', path: '/hosting/instances/web1/root', dying: true }
      listed['jail-information'].jail.push(dying)
      return { ...answer, stdout: JSON.stringify(listed) }
    },
  }
}

test('a jail that dies is waited for before it is started again', async () => {
  const host = await jailHost()
  const report = await converged(whereItDies(host, 3), options)
  expect(report.steps.filter(step => step === 'sleep 1')).toHaveLength(3)
  expect(report.steps.at(-1)).toBe(START)
  expect(report.warnings).toEqual([])
  expect(tracesOf(host, 'web1').runs).toBe(true)
})

test('one that does not end its dying is started over after half a minute, which is told', async () => {
  const host = await jailHost()
  const report = await converged(whereItDies(host, 1_000), options)
  expect(report.steps.filter(step => step === 'sleep 1')).toHaveLength(30)
  expect(report.steps.at(-1)).toBe(START)
  expect(report.warnings).toEqual([
    "web1 was started although a former jail of this name was still dying after 30 s ('jls -d').",
  ])
})

test('dying is as good as stopped where it shall be that', async () => {
  const host = await jailHost()
  const report = await converged(whereItDies(host, 1_000), { ...options, state: 'stopped' })
  expect(report.steps).not.toContain('sleep 1')
  expect(report.state).toMatchObject({ instances: { web1: { running: false } } })
})
