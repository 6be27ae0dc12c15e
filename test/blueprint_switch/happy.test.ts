/** An instance is switched: what is done, in which order, what it has afterwards, and what a person reads of it. */
import { expect, test } from 'vitest'
import { UNKNOWN } from '../../modules/core/module.ts'
import {
  BLUEPRINT,
  clock,
  fileOf,
  foretold,
  NEW,
  NEXT,
  OLD,
  ROOT,
  runsOn,
  seal,
  switched,
  switchHost,
  TO,
  unseal,
} from '../support/switch-host.ts'

const TOLD = {
  outcome: 'switched',
  from: OLD,
  to: NEW,
  from_release: '14.1-RELEASE',
  to_release: '14.2-RELEASE',
  packages: {
    added: ['php84-8.4.1'],
    removed: ['php83-8.3.12'],
    upgraded: ['nginx: 1.28.0,3 -> 1.29.1,3'],
    downgraded: [],
    major: [],
  },
  merge: {
    taken: ['etc/motd.template', 'usr/local/etc/fpm/www.conf', 'var/log/nginx'],
    merged: ['usr/local/etc/nginx.conf'],
    kept: ['usr/local/etc/php.ini'],
    removed: ['etc/old.conf'],
    conflicts: [
      "usr/local/etc/php.ini: the customer and the new blueprint changed the same lines, in 1 place; the customer's stays, and the new blueprint's is usr/local/etc/php.ini.blueprint-new",
    ],
    barred: [],
  },
  scripts_vanishing: ['php_fpm'],
}
const NOTES =
  '14.1-RELEASE -> 14.2-RELEASE; packages: 1 upgraded, 1 added, 1 removed; 3 files taken, 1 merged, 1 in conflict'

async function customized() {
  const host = await switchHost(['web1', 'web2'])
  unseal(host, BLUEPRINT)
  await seal(host, BLUEPRINT, '14.1-RELEASE')
  host.tree.write(`${ROOT}/usr/local/etc/nginx.conf`, 'workers 1;\n\n\nlisten 8080;\n\n\nlog on;\n')
  host.tree.write(`${ROOT}/usr/local/etc/php.ini`, 'memory = 64\n')
  host.tree.write(`${ROOT}/etc/rc.conf`, 'php_fpm_enable="YES"\n')
  return host
}

test('a switch is foretold, done, and not done again', async () => {
  const host = await customized()
  const plan = await foretold(host, TO)
  expect(host.performed).toEqual([])
  expect(plan.state.instances.web1).toEqual({ ...TOLD, outage_seconds: UNKNOWN, outage_parts: UNKNOWN })
  expect(plan.diff.after).toEqual(plan.state)
  expect(plan.msg).toBe(`web1  ${OLD} -> ${NEW}    ${NOTES}`)
  expect(plan.warnings).toEqual([`web1: ${NEW} has no more php_fpm, which its rc.conf enables.`])

  const report = await switched(host, TO)
  expect(report.steps).toEqual(plan.steps)
  expect(report.warnings).toEqual(plan.warnings)
  // The clock goes on by a tenth of a second with each look at it.
  expect(report.state.instances.web1).toEqual({
    ...TOLD,
    outage_seconds: 4.6,
    outage_parts: { stop: 0.1, clear: 0.2, snapshot: 0.3, merge: 3.8, start: 0.1, health: 0.1 },
  })
  expect(report.msg).toBe(`web1  ${OLD} -> ${NEW}  4.60 s away  ${NOTES}`)
  expect(runsOn(host, 'web1')).toBe(NEXT)
  expect(fileOf(host, 'web1', 'etc/motd.template')).toBe('Welcome, again\n')
  const again = await switched(host, TO)
  expect(again).toMatchObject({ changed: false, steps: [], msg: 'instance web1: as wanted' })
  expect(again.state).toEqual(report.state)
})

test('what a person reads of several: who went, who came back and why, and how many had nothing to do', async () => {
  const host = await customized()
  await switched(host, { id: 'web2', blueprint: NEXT })
  const dead = { http: [{ port: 80 }], deadline: 1 }
  const wish = { blueprint: NEXT, instances: [{ id: 'web1', health: dead }, { id: 'web2' }] }
  host.servers.set('http://10.66.0.11:80/', () => ({ status: runsOn(host, 'web1') === NEXT ? 502 : 200 }))
  const error = await switched(host, wish, clock('2026-11-23T12:00:00Z')).catch(problem => problem)
  expect(error.report.msg.split('\n')).toEqual([
    `web1  back on ${OLD}  9.40 s away  it was not well within 1 s: http://10.66.0.11:80/: answers with status 502, and not 200. ${NEW} was started on its data. What that was before is in the snapshot switch-20261123T120000Z, which is kept: \`state: rolled_back\` with \`rollback_data: true\` puts all of it back, and what was written since is lost`,
    '1 other: as wanted',
  ])
  expect(error.report.state.instances.web1).toMatchObject({
    ...TOLD,
    outcome: 'rolled_back',
    to: OLD,
    tried: NEW,
    to_release: '14.1-RELEASE',
    outage_parts: { stop: 0.1, clear: 0.2, snapshot: 0.3, merge: 3.8, start: 0.1 },
  })
  const { outage_seconds: outage, outage_parts: parts } = error.report.state.instances.web1
  const sum = Object.values(parts as Record<string, number>).reduce((all, seconds) => all + seconds, 0)
  expect(sum).toBeCloseTo(outage, 5)
})
