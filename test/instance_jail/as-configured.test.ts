/** Instances that are only started and stopped: `configure: false`. */
import { expect, test } from 'vitest'
import { checked, converged, failing, jailHost, NOTHING, ON_BRIDGE, tracesOf } from '../support/jail-host.ts'

const CONF = '/etc/jail.conf.d/web1.conf'
const [START, STOP] = [`jail -f ${CONF} -c web1`, `jail -f ${CONF} -r web1`]
const FULL = { id: 'web1', ...ON_BRIDGE, boot: false, parameters: { 'exec.timeout': 700, 'allow.mlock': true } }

test('it is stopped and started by its own file, which stays, and so do rc.conf and its rules', async () => {
  const host = await jailHost()
  await converged(host, FULL)
  const files = () => [CONF, '/etc/pf.hosting.d/web1.conf', '/etc/rc.conf'].map(path => host.tree.read(path))
  const before = files()
  const stop = { id: 'web1', state: 'stopped', configure: false }
  expect((await checked(host, stop)).steps).toEqual([STOP])
  const stopped = await converged(host, stop)
  expect(stopped).toMatchObject({ steps: [STOP], msg: 'web1: stopped', warnings: [] })
  expect(stopped.state).toMatchObject({ instances: { web1: { running: false, boot: false } } })
  expect(tracesOf(host, 'web1')).toEqual(NOTHING)
  expect(await converged(host, stop)).toMatchObject({ changed: false })

  expect(await converged(host, { id: 'web1', configure: false })).toMatchObject({ steps: [START], warnings: [] })
  expect(tracesOf(host, 'web1')).toMatchObject({ runs: true, interfaces: ['e0a_web1'] })
  expect(await converged(host, { id: 'web1', state: 'restarted', configure: false })).toMatchObject({
    steps: [STOP, START],
  })
  expect(files()).toEqual(before)
  expect(await converged(host, FULL)).toMatchObject({ changed: false })
})

test('several in an order, the last first', async () => {
  const host = await jailHost({ ids: ['web1', 'db1'] })
  await converged(host, { instances: [{ id: 'web1', after: ['db1'] }, { id: 'db1' }] })
  const both = [{ id: 'web1', after: ['db1'] }, { id: 'db1' }]
  const { steps } = await converged(host, { instances: both, state: 'stopped', configure: false })
  expect(steps).toEqual([STOP, STOP.replaceAll('web1', 'db1')])
})

test('what it would change is refused, and so is one that is not configured', async () => {
  const host = await jailHost()
  expect((await failing(host, { id: 'web1', configure: false })).message).toContain(
    `web1: ${CONF} is not there, so it cannot be started or stopped as it is configured.`,
  )
  expect((await failing(host, { ...FULL, configure: false })).message).toBe(
    'web1: with `configure: false`, interfaces, gateways, boot, parameters cannot be given',
  )
  expect((await failing(host, { id: 'web1', state: 'present', configure: false })).message).toBe(
    'web1: with `configure: false` it can be started, stopped or restarted, and not present',
  )
})
