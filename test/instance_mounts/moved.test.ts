/** An instance that went to another host is not run from what it left behind. */
import { expect, test } from 'vitest'
import { BLUEPRINT, instanceHost } from '../support/instance-host.ts'
import { applied } from './runs.ts'

const web1 = { id: 'web1', blueprint: BLUEPRINT }

test('until somebody says so', async () => {
  const host = instanceHost()
  host.outside('zfs', 'set', 'bluejail:moved=20261122T120000Z hamburg2', 'zroot/hosting/instances/web1')
  await expect(applied(host, web1)).rejects.toThrow(
    'web1 was moved away from this host (20261122T120000Z hamburg2), and zroot/hosting/instances/web1 was left behind',
  )
  await applied(host, { id: 'web1', state: 'absent' })
  host.outside('zfs', 'inherit', 'bluejail:moved', 'zroot/hosting/instances/web1')
  expect(await applied(host, web1)).toMatchObject({ changed: true })
})
