/** In check mode, a switch to a blueprint that an earlier task would have built is foretold as far as it is known. */
import { describe, expect, test } from 'vitest'
import { UNKNOWN } from '../../modules/core/module.ts'
import { addBlueprint } from '../support/instance-host.ts'
import { BLUEPRINT, failing, fill, foretold, NEXT, runsOn, switched, switchHost, TO } from '../support/switch-host.ts'

async function hostWithout(ids: readonly string[] = ['web1'], running = ids) {
  const host = await switchHost(ids, running)
  host.outside('zfs', 'destroy', '-r', `zroot/hosting/blueprints/${NEXT}`)
  return host
}

describe('before it is built', () => {
  test('each is told to be switched, what is not known of it, and in which steps', async () => {
    const host = await hostWithout(['web1', 'web2'], ['web1'])
    const plan = await foretold(host, { instances: ['web1', 'web2'], blueprint: NEXT })
    expect(host.performed).toEqual([])
    const known = { outcome: 'switched', from: `${BLUEPRINT}@1`, to: `${NEXT}@1`, packages: UNKNOWN, merge: UNKNOWN }
    expect(plan.changed).toBe(true)
    expect(plan.state.instances).toEqual({
      web1: { ...known, outage_seconds: UNKNOWN, outage_parts: UNKNOWN },
      web2: known,
    })
    expect(plan.diff.before).toMatchObject({ instances: { web1: { outcome: 'as_wanted', to: `${BLUEPRINT}@1` } } })
    expect(plan.msg.split('\n')).toEqual(
      ['web1', 'web2'].map(id => `${id}  ${BLUEPRINT}@1 -> ${NEXT}@1    packages and files are known once it is built`),
    )
    expect(plan.warnings).toEqual([
      `The blueprint ${NEXT} is not there (/hosting/blueprints/${NEXT}). Build it with blueprint_jail. Planned as if it were there.`,
      `web1: what its switch to ${NEXT}@1 does to its packages and files is not known before that blueprint is built.`,
      `web2: what its switch to ${NEXT}@1 does to its packages and files is not known before that blueprint is built.`,
    ])
  })

  test('the run that has it does these steps, in that order, and what its files need', async () => {
    const host = await hostWithout()
    const plan = await foretold(host, TO)
    addBlueprint(host, NEXT)
    await fill(host, NEXT)
    const { steps, state } = await switched(host, TO)
    const inOrder = plan.steps.reduce((rest, words) => {
      const at = rest.indexOf(words)
      expect(at, words).toBeGreaterThanOrEqual(0)
      return rest.slice(at + 1)
    }, steps)
    expect(inOrder).toEqual([])
    expect(plan.steps).toContain(steps.find(words => words.startsWith('zfs snapshot')))
    expect(state.instances.web1).toMatchObject({ outcome: 'switched', from: `${BLUEPRINT}@1`, to: `${NEXT}@1` })
  })

  test('what forbids it all the same is told already', async () => {
    const host = await hostWithout()
    host.outside('zfs', 'set', 'bluejail:blueprint=2020Q1', 'zroot/hosting/instances/web1/etc')
    await expect(foretold(host, TO)).rejects.toThrow('its files came from 2020Q1@1')
  })

  test('a run refuses, and nothing is touched', async () => {
    const host = await hostWithout()
    expect((await failing(host, TO)).message).toBe(
      `The blueprint ${NEXT} is not there (/hosting/blueprints/${NEXT}). Build it with blueprint_jail.`,
    )
    expect(host.performed).toEqual([])
    expect(runsOn(host, 'web1')).toBe(BLUEPRINT)
  })

  test('who is on its way elsewhere, or is there, is told as ever', async () => {
    const host = await hostWithout(['web1', 'web2'])
    const plan = await foretold(host, { instances: [TO, { id: 'web2', blueprint: BLUEPRINT }] })
    expect(plan.state.instances.web2).toMatchObject({ outcome: 'as_wanted' })
    expect(plan.msg).toMatch(/^web1 .*\n1 other: as wanted$/)
  })
})
