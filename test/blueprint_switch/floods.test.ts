/** What programs of a customer's say to a switch, who can let them say anything. */
import { expect, test } from 'vitest'
import { failing, NEXT, runsOn, switchHost } from '../support/switch-host.ts'

test('an instance whose files come as more than anyone reads is left alone, and told', async () => {
  const host = await switchHost()
  host.machine.fault({ program: 'jexec', kind: 'garbage', stdout: 'x'.repeat((64 << 20) + 1) })
  const { message, report } = await failing(host, { id: 'web1', blueprint: NEXT })
  expect(message).toMatch(/^'jexec web1 tar -cf - .*' printed more than 64 MiB, which nobody reads, and was stopped\./)
  expect(report?.state.instances.web1?.reason).toBe(message)
  expect(host.counts.jail).toBeUndefined()
  expect(runsOn(host, 'web1')).not.toBe(NEXT)
})
