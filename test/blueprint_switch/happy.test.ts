/** An instance is switched: what is done, in which order, and what it has afterwards. */
import { describe, expect, test } from 'vitest'
import { fileOf, foretold, NEXT, runsOn, switched, switchHost } from '../support/switch-host.ts'

const TO = { id: 'web1', blueprint: NEXT }

describe('a switch', () => {
  test('is foretold, done, and not done again', async () => {
    const host = await switchHost()
    const plan = await foretold(host, TO)
    expect(host.performed).toEqual([])
    const report = await switched(host, TO)
    expect(report.steps).toEqual(plan.steps)
    expect(runsOn(host, 'web1')).toBe(NEXT)
    expect(fileOf(host, 'web1', 'etc/motd.template')).toBe('Welcome, again\n')
    expect(await switched(host, TO)).toMatchObject({ changed: false, steps: [] })
  })
})
