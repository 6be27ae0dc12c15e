/** instance_mounts after an amendment, killed anywhere. */
import { expect, test } from 'vitest'
import { PowerCut } from '../imitation/faults.ts'
import { instanceHost, startJail } from '../support/instance-host.ts'
import { amend, expectAmended, ROOT, recorded, seal, web1 } from './amended.ts'
import { applied, foretold } from './runs.ts'

test.each([true, false])('killed anywhere, the next run finishes (running: %s)', async isRunning => {
  let cuts = 0
  for (let changes = 1, isCut = true; isCut; changes++) {
    const host = instanceHost()
    await seal(host, 1, () => {})
    await applied(host, web1)
    if (isRunning) expect(startJail(host, 'web1')).toMatchObject({ exit: 0 })
    await amend(host)
    host.machine.cutPowerAfter(changes)
    isCut = await applied(host, web1).then(
      () => false,
      error => {
        if (!((error.cause ?? error) instanceof PowerCut)) throw error
        return true
      },
    )
    host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
    if (isCut) {
      cuts++
      host.boot()
      const check = await foretold(host, web1)
      const { steps } = await applied(host, web1)
      // Of a link that is there already, check mode cannot know before its dataset is open.
      const isForetold = (step: string) => !step.startsWith('tar ')
      expect(steps.filter(isForetold)).toEqual(check.steps.filter(isForetold))
      expect(steps).toHaveLength(check.steps.length)
    }
    if (!isRunning || isCut) expect(startJail(host, 'web1')).toMatchObject({ exit: 0 })
    expectAmended(host, { etc: `${ROOT}/usr/local/etc`, var: `${ROOT}/var` })
    expect(recorded(host, 'etc')[0]).toBe('2')
    expect(await applied(host, web1)).toMatchObject({ changed: false, warnings: [] })
  }
  expect(cuts).toBeGreaterThan(isRunning ? 1 : 6)
})
