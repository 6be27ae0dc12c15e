/** The power goes after any step: the next run ends where an undisturbed one does. */
import { describe, expect, test } from 'vitest'
import { PowerCut } from '../imitation/faults.ts'
import { applied, bare, datasetsOf, hostingHost, manifestOf, property } from '../support/blueprint-host.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'

/** What a blueprint is, without what differs by time alone. */
const looks = (host: FakeHost, name: string) => ({
  datasets: datasetsOf(host),
  manifest: manifestOf(host, name),
  buildMode: host.tree.lstat('/hosting/build')?.mode,
  readonly: property(host, 'readonly', `zroot/hosting/blueprints/${name}`),
  stage: property(host, 'bluejail:stage', `zroot/hosting/blueprints/${name}`),
  mounts: host.machine.state.mounts.map(({ node }) => node).sort(),
})

const files = [{ path: 'etc/motd.template', content: 'hello\n', mode: '0600' }]

test('any step of a build, and then again any step of what finishes it', async () => {
  const undisturbed = hostingHost()
  const { steps } = await applied(undisturbed, { ...bare, files })
  const expected = looks(undisturbed, bare.name)

  for (let first = 1; first <= steps.length; first += 1) {
    const host = hostingHost()
    for (const changes of [first, Math.ceil(first / 2)]) {
      host.machine.cutPowerAfter(changes)
      await applied(host, { ...bare, files }).catch(error => {
        expect(error.cause ?? error).toBeInstanceOf(PowerCut)
      })
      host.boot()
    }
    host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
    const finished = await applied(host, { ...bare, files })
    expect(looks(host, bare.name), `cut after ${first}`).toEqual(expected)
    expect(finished.state).toMatchObject({ blueprints: { [bare.name]: { revision: 1 } } })
    expect(await applied(host, { ...bare, files })).toMatchObject({ changed: false })
  }
})

describe('half-built work', () => {
  test('is no blueprint: nothing finds it where blueprints are', async () => {
    const host = hostingHost()
    host.machine.cutPowerAfter(12)
    await applied(host, { ...bare, files }).catch(() => {})
    host.boot()
    expect(datasetsOf(host)).toContain('build/2026Q4-bare')
    expect(host.tree.list('/hosting/blueprints')).toEqual([])
  })

  test('that was to become something else is thrown away', async () => {
    const host = hostingHost()
    host.machine.cutPowerAfter(13)
    await applied(host, { ...bare, files }).catch(() => {})
    host.boot()
    const { steps } = await applied(host, bare)
    expect(steps).toContain('zfs destroy -r zroot/hosting/build/2026Q4-bare')
    expect(host.tree.read('/hosting/blueprints/2026Q4-bare/etc/motd.template')).not.toBe('hello\n')
  })
})
