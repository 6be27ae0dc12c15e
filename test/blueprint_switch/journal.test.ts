/**
 * A journal that cannot be written: its dataset is full, as a customer can have it while he is shut down, where a quota is on
 * all of his instance. It ends at once, says how things are, and the next run goes on from there.
 */
import { describe, expect, test } from 'vitest'
import { describeStep, type Step } from '../../modules/core/step.ts'
import { DEFAULT_SITE } from '../../modules/rules/layout.ts'
import { settle } from '../../modules/rules/switch/settle.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { tracesOf } from '../support/jail-host.ts'
import {
  BLUEPRINT,
  clock,
  failing,
  fileOf,
  NEW,
  NEXT,
  noSpace,
  OLD,
  RESUMED,
  refusing,
  runsOn,
  switched,
  switchHost,
  TO,
} from '../support/switch-host.ts'

const UNWELL = { ...TO, health: { commands: [['false']], deadline: 1 } }
const PLACE = '/hosting/instances/web1'
const JOURNAL = `${PLACE}/journal.json`

const beginning = (phase: string) => (step: Step) =>
  step.kind === 'write' && step.path === JOURNAL && step.content.includes(`"phase": "${phase}"`)
const ofJournal = (step: Step) => step.kind === 'write' && step.path === JOURNAL

const full = `its journal could not be written: 'write ${JOURNAL}' failed: ENOSPC: no space left on device, write`
const goOn =
  'Free some space for zroot/hosting/instances/web1, or raise its quota, and run this again with `state: resumed`.'
const leftAlone = `As long as ${JOURNAL} is there, other modules leave it alone. ${goOn}`
const unwell = 'it was not well within 1 s: false: exit status 1'

interface Fault {
  readonly options: object
  readonly message: string
  /** How it is then, and after the next run. */
  readonly on: readonly [string | undefined, string]
}

const FROM: Record<string, Fault> = {
  stopping: {
    options: TO,
    message: `web1 was left as it was: 'write ${JOURNAL}' failed: ENOSPC: no space left on device, write.`,
    on: [BLUEPRINT, BLUEPRINT],
  },
  merging: {
    options: TO,
    message: `web1 runs on ${OLD} as before, and does not go to ${NEW}: ${full}. ${leftAlone}`,
    on: [BLUEPRINT, BLUEPRINT],
  },
  merged: {
    options: TO,
    message: `web1 is stopped, on its way back to ${OLD}: ${full}. Some of its files are those of ${NEW}; what they were is in the snapshot zroot/hosting/instances/web1@switch-20261122T120000Z. ${goOn}`,
    on: [undefined, BLUEPRINT],
  },
  returning: {
    options: UNWELL,
    message: `web1 runs, on its way to ${NEW}: ${unwell}; ${full}. Its files are those of ${NEW}. ${goOn}`,
    on: [NEXT, BLUEPRINT],
  },
  returned: {
    options: UNWELL,
    message: `web1 is stopped, on its way back to ${OLD}: ${full}. It went back because ${unwell}. Its files, fstab and configuration are those of ${OLD} again. ${goOn}`,
    on: [undefined, BLUEPRINT],
  },
  finishing: {
    options: TO,
    message: `web1 runs on ${NEW}, and is well: ${full}. ${leftAlone}`,
    on: [NEXT, NEXT],
  },
}

describe('from this phase on', () => {
  test.each(Object.entries(FROM))('%s', async (phase, { options, message, on: [now, then] }) => {
    const host = await switchHost()
    const error = await failing(refusing(host, beginning(phase), ofJournal), options)
    expect(error.message).toBe(message)
    expect(error.report?.state.instances.web1).toMatchObject({ outcome: 'failed', reason: message })
    expect(runsOn(host, 'web1')).toBe(now)
    await switched(host, RESUMED, clock('2026-11-23T12:00:00Z')).catch(() => undefined)
    expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([then, true])
    expect(fileOf(host, 'web1', 'etc/motd.template')).toBe(then === NEXT ? 'Welcome, again\n' : 'Welcome\n')
    expect(host.tree.lstat(JOURNAL)).toBeUndefined()
  })
})

/** Nothing can be written below the instance's directory, by whatever step. */
const intoInstance = (step: Step) => step.kind !== 'run' && describeStep(step).includes(PLACE)

describe('all that the instance has is full from this step on', () => {
  test.each([
    ['its stop', / -r web1$/, [BLUEPRINT, true]],
    ['its snapshot', /^zfs hold/, [BLUEPRINT, true]],
    ['its merge', /tar -cf/, [undefined, false]],
    ['its fstab', /fstab\.next .*fstab$/, [undefined, false]],
    ['its start', / -c web1$/, [NEXT, true]],
  ] as const)('%s', async (_title, from, [on, runs]) => {
    const host = await switchHost(['web1', 'web2'])
    const isFull = refusing(host, step => from.test(describeStep(step)), intoInstance)
    const error = await failing(isFull, { instances: ['web1', 'web2'], blueprint: NEXT })
    expect(error.message).toMatch(/^web1 .*could not be written.*run this again with `state: resumed`\.$/)
    expect(error.report?.state.instances).toMatchObject({ web1: { outcome: 'failed' }, web2: { outcome: 'switched' } })
    expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([on, runs])
    expect([runsOn(host, 'web2'), tracesOf(host, 'web2').runs]).toEqual([NEXT, true])

    // Nothing has changed: a second run says the same, and does not go round either.
    const again = await failing(isFull, RESUMED, clock('2026-11-22T13:00:00Z'))
    expect(again.message).toMatch(/^web1 .*could not be written.*run this again with `state: resumed`\.$/)
  })
})

describe('before jails start at boot', () => {
  const cutOff = async (at: RegExp) => {
    const host = await switchHost(['web1', 'web2'])
    let isOff = false
    const dying: FakeHost = {
      ...host,
      async perform(step: Step) {
        if (isOff) throw new TypeError('killed')
        await host.perform(step)
        isOff = at.test(describeStep(step))
      },
    }
    await switched(dying, TO).catch(() => undefined)
    return host
  }

  test('an instance of which nothing was changed can start as it was', async () => {
    const host = await cutOff(/^mv .*web1.switching/)
    const [web1] = await settle(DEFAULT_SITE, refusing(host, ofJournal), clock())
    expect(web1).toEqual({
      id: 'web1',
      words: `web1 is on ${OLD} as before, and does not go to ${NEW}: the switch was cut off before its files were all in place; ${full}. ${leftAlone}`,
      isWell: false,
    })
    expect(host.tree.lstat('/etc/jail.conf.d/web1.conf')).toBeDefined()
  })

  test('one whose files were being changed is not started, and the others are seen to', async () => {
    const host = await cutOff(/tar -cf/)
    host.tree.write('/hosting/instances/web2/journal.json', '{"format": 9')
    const [web1, web2] = await settle(DEFAULT_SITE, refusing(host, ofJournal), clock())
    expect(web1?.words).toMatch(/^web1 is stopped, on its way back to .* could not be written: /)
    expect(host.tree.lstat('/etc/jail.conf.d/web1.conf')).toBeUndefined()
    expect(web2).toMatchObject({ isWell: false, words: expect.stringMatching(/is no journal of a switch/) })
    host.tree.remove('/hosting/instances/web2/journal.json')
    expect(await settle(DEFAULT_SITE, host, clock())).toMatchObject([{ id: 'web1', isWell: true }])
  })

  test('what hangs has an end, and whoever has not had his turn by then stays as it is', async () => {
    const host = await cutOff(/tar -cf/)
    const limits: (number | undefined)[] = []
    let hours = 0
    const slow: FakeHost = {
      ...host,
      async query(command, options) {
        limits.push(options?.timeoutSeconds)
        hours += 1
        return host.query(command, options)
      },
    }
    const [web1] = await settle(
      DEFAULT_SITE,
      slow,
      () => new Date(Date.parse('2026-11-22T12:00:00Z') + hours * 200_000),
    )
    expect(limits).toEqual([600, 400, 200])
    expect(web1).toMatchObject({
      isWell: false,
      words: expect.stringMatching(/'.*' was not begun, since 600 s are over and jails are to start/),
    })
    expect(host.tree.lstat('/etc/jail.conf.d/web1.conf')).toBeUndefined()
  })
})

test('a journal that cannot be read holds up its own instance alone', async () => {
  const host = await switchHost(['web1', 'web2'])
  host.tree.write(JOURNAL, '{')
  host.tree.write('/hosting/instances/web2/switch.json', '{')
  const error = await failing(host, { instances: ['web1', 'web2'], blueprint: NEXT })
  expect(error.message).toBe(
    `${JOURNAL} is no journal of a switch that can be read. Look at it, and at the instance's fstab and configuration; when they are right, remove it.`,
  )
  expect(error.report?.state.instances).toMatchObject({ web1: { outcome: 'failed' }, web2: { outcome: 'switched' } })
  expect([runsOn(host, 'web1'), runsOn(host, 'web2')]).toEqual([BLUEPRINT, NEXT])
})

test('a journal that cannot be put away leaves the instance as it is, and the next run puts it away', async () => {
  const host = await switchHost()
  const isStuck = refusing(host, step => step.kind === 'move' && step.from === JOURNAL, undefined, noSpace)
  const report = await switched(isStuck, TO)
  expect(report.state.instances.web1).toMatchObject({ outcome: 'switched', to: NEW })
  expect(report.warnings).toEqual([
    `web1: what it runs on could not be written down: 'mv ${JOURNAL} ${PLACE}/switch.json' failed: ENOSPC: no space left on device, write. Until that is done its journal ${JOURNAL} stays, and other modules leave it alone: run this again with \`state: resumed\`.`,
  ])
  expect(await switched(host, RESUMED)).toMatchObject({ changed: true, warnings: [] })
  expect(await switched(host, TO)).toMatchObject({ changed: false })
})
