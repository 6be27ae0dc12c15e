import { apply, converge } from '../../modules/core/converge.ts'
import hostingInfo from '../../modules/hosting_info.ts'
import instanceJail from '../../modules/instance_jail.ts'
import instanceMounts from '../../modules/instance_mounts.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT } from '../support/instance-host.ts'
import { converged, jailHost } from '../support/jail-host.ts'
import { describeBlueprint } from '../support/told-host.ts'

const circ = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 't' }
for (const count of [1, 50]) {
  const ids = Array.from({ length: count }, (_, i) => `web${i + 1}`)
  const host = await jailHost({ ids })
  describeBlueprint(host, BLUEPRINT)
  await converged(host, { instances: ids, interfaces: ['hosting0'], parallel: 10 })
  let inside = 0
  const bySort: Record<string, number> = {}
  const timed: FakeHost = new Proxy(host, {
    get(target, key) {
      const value = Reflect.get(target, key)
      if (!['query', 'read', 'bytes', 'status', 'list'].includes(String(key))) return value
      return async (...args: unknown[]) => {
        const s = performance.now()
        try { return await (value as (...a: unknown[]) => unknown).apply(target, args) } finally {
          const d = performance.now() - s; inside += d; bySort[String(key)] = (bySort[String(key)] ?? 0) + 1 }
      }
    },
  })
  for (const [name, module, options] of [
    ['hosting_info', hostingInfo, {}], ['instance_mounts', instanceMounts, { instances: ids, blueprint: BLUEPRINT }],
    ['instance_jail', instanceJail, { instances: ids, interfaces: ['hosting0'] }],
  ] as const) {
    for (let i = 0; i < 3; i++) {
      inside = 0
      for (const k of Object.keys(bySort)) delete bySort[k]
      const s = performance.now()
      await converge(module as never, options, timed, apply, circ)
      console.log(count, name, 'total', (performance.now() - s).toFixed(0), JSON.stringify(bySort))
    }
  }
}
