/** What programs of a customer's say, who can let them say anything. */
import { expect, test } from 'vitest'
import { readInside } from '../../modules/freebsd/jexec.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

test('of files in a jail, no more is taken than anyone reads, and no more is waited', async () => {
  const host = fakeFreeBSD()
  host.machine.fault({ program: 'jexec', kind: 'garbage', stdout: 'x'.repeat((64 << 20) + 1), times: 1 })
  const reading = () => readInside(host, 'web1', ['etc/rc.conf'], [])
  await expect(reading()).rejects.toThrow(/^'jexec web1 tar -cf - .*' printed more than 64 MiB, which nobody reads/)
  host.machine.fault({ program: 'jexec', kind: 'hang' })
  await expect(reading()).rejects.toThrow(/^'jexec web1 tar -cf - .*' did not end within 60 s/)
})
