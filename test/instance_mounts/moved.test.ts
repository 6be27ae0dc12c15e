/** An instance that went to another host is not run from what it left behind, nor from what is not all there yet. */
import { expect, test } from 'vitest'
import { BLUEPRINT, instanceHost } from '../support/instance-host.ts'
import { applied } from './runs.ts'

const web1 = { id: 'web1', blueprint: BLUEPRINT }

test('what it left behind is not run until somebody says so', async () => {
  const host = instanceHost()
  host.outside('zfs', 'set', 'bluejail:moved=20261122T120000Z hamburg2', 'zroot/hosting/instances/web1')
  await expect(applied(host, web1)).rejects.toThrow(
    'web1 was moved away from this host (20261122T120000Z hamburg2), and zroot/hosting/instances/web1 was left behind',
  )
  await applied(host, { id: 'web1', state: 'absent' })
  host.outside('zfs', 'inherit', 'bluejail:moved', 'zroot/hosting/instances/web1')
  expect(await applied(host, web1)).toMatchObject({ changed: true })
})

test('what is on its way here is not run', async () => {
  const host = instanceHost()
  const mark = (value: string) =>
    host.outside('zfs', 'set', `bluejail:arrived=20261122T120000Z hamburg1${value}`, 'zroot/hosting/instances/web1')
  mark(' restoring')
  await expect(applied(host, web1)).rejects.toThrow('web1 is not whole')
  mark(' unfinished')
  await expect(applied(host, web1)).rejects.toThrow(
    "web1 is not whole: it is on its way here (bluejail:arrived of zroot/hosting/instances/web1 is '20261122T120000Z hamburg1 unfinished')",
  )
  mark('')
  expect(await applied(host, web1)).toMatchObject({ changed: true })
})
