/** How long one answer of an instance may take, after its start. */
import { expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { NEXT, switched, switchHost } from '../support/switch-host.ts'

test.each([
  ['as long as nothing else is said', {}, 10],
  ['longer, where an answer takes long', { timeout: 45 }, 45],
  ['and never longer than until the deadline', { timeout: 45, deadline: 20 }, 20],
])('%s', async (_title, given, seconds) => {
  const real = await switchHost()
  const limits: (number | undefined)[] = []
  const host: FakeHost = {
    ...real,
    async query(command, options) {
      if (command[0] === 'jexec' && command.at(-1) === 'true') limits.push(options?.timeoutSeconds)
      return real.query(command, options)
    },
    async contact(_to, timeoutSeconds) {
      limits.push(timeoutSeconds)
      return { status: 200 }
    },
  }
  const health = { commands: [['true']], tcp: [80], http: [{ port: 80 }], ...given }
  expect((await switched(host, { id: 'web1', blueprint: NEXT, health })).state.instances.web1?.outcome).toBe('switched')
  expect(limits).toEqual([seconds, seconds, seconds])
})
