/** What becomes of an instance's files, there and back. */
import { expect, test } from 'vitest'
import {
  BACK,
  BLUEPRINT,
  clock,
  failing,
  fileOf,
  foretold,
  NEXT,
  ROOT,
  runsOn,
  switched,
  switchHost,
  TO,
} from '../support/switch-host.ts'

async function customized() {
  const host = await switchHost()
  host.tree.write(`${ROOT}/usr/local/etc/nginx.conf`, 'workers 1;\n\n\nlisten 8080;\n\n\nlog on;\n')
  host.tree.write(`${ROOT}/usr/local/etc/php.ini`, 'memory = 64\n')
  host.tree.write(`${ROOT}/etc/own.conf`, 'mine\n')
  host.tree.write(`${ROOT}/etc/rc.conf`, 'hostname="web1"\nphp_fpm_enable="YES"\n')
  host.tree.write(`${ROOT}/home/data`, 'precious\n')
  return host
}

test('what both changed in different places is joined; elsewhere the policy decides', async () => {
  for (const [conflicts, php, beside] of [
    ['keep', 'memory = 64\n', ['php.ini.blueprint-new', 'memory = 256\n']],
    ['replace', 'memory = 256\n', ['php.ini.customer-old', 'memory = 64\n']],
  ] as const) {
    const host = await customized()
    const plan = await foretold(host, { ...TO, conflicts })
    const report = await switched(host, { ...TO, conflicts })
    expect(report.steps).toEqual(plan.steps)
    expect(plan.state.instances.web1?.merge).toEqual(report.state.instances.web1?.merge)
    expect(fileOf(host, 'web1', 'usr/local/etc/nginx.conf')).toBe('workers auto;\n\n\nlisten 8080;\n\n\nlog on;\n')
    expect(fileOf(host, 'web1', 'usr/local/etc/php.ini')).toBe(php)
    expect(fileOf(host, 'web1', `usr/local/etc/${beside[0]}`)).toBe(beside[1])
    expect(fileOf(host, 'web1', 'etc/own.conf')).toBe('mine\n')
    expect(report.state.instances.web1?.merge?.merged).toEqual(['usr/local/etc/nginx.conf'])
    expect(report.state.instances.web1?.merge?.conflicts).toHaveLength(1)
    expect(report.state.instances.web1?.scripts_vanishing).toEqual(['php_fpm'])
    expect(report.warnings).toEqual([`web1: ${NEXT}@1 has no more php_fpm, which its rc.conf enables.`])
  }
})

test('a file too large to be put beside is named before anything is done', async () => {
  const host = await customized()
  const isLarge = (path: string, most: number) =>
    path.includes('/blueprints/') && path.endsWith('.ini') && most > 2 ** 20
  const large: typeof host = {
    ...host,
    bytes: async (path, most, beneath) => (isLarge(path, most) ? 'too large' : host.bytes(path, most, beneath)),
  }
  const { message } = await failing(large, TO)
  expect(message).toContain(`${NEXT}/.zfs/snapshot/complete/usr/local/etc/php.ini, which a conflict puts beside`)
  expect(message).toContain('has more than 256 MiB')
  expect(runsOn(host, 'web1')).toBe(BLUEPRINT)
  expect(host.tree.read('/hosting/instances/web1/journal.json')).toBeUndefined()
})

test('the way back brings what the switch wrote, and leaves what came since', async () => {
  const host = await customized()
  await switched(host, TO)
  host.tree.write(`${ROOT}/home/data`, 'newer\n')
  host.tree.write(`${ROOT}/var/log/nginx/access.log`, 'GET /\n')
  const plan = await foretold(host, BACK, clock('2026-11-23T12:00:00Z'))
  const report = await switched(host, BACK, clock('2026-11-23T12:00:00Z'))
  expect(report.steps).toEqual(plan.steps)
  expect(runsOn(host, 'web1')).toBe(BLUEPRINT)
  expect(fileOf(host, 'web1', 'usr/local/etc/nginx.conf')).toContain('workers 1;\n\n\nlisten 8080')
  expect(fileOf(host, 'web1', 'usr/local/etc/php.ini.blueprint-new')).toBeUndefined()
  expect(fileOf(host, 'web1', 'etc/old.conf')).toBe('gone soon\n')
  expect(fileOf(host, 'web1', 'home/data')).toBe('newer\n')
  expect(fileOf(host, 'web1', 'var/log/nginx/access.log')).toBe('GET /\n')
  expect(report.state.instances.web1).toMatchObject({ from: `${NEXT}@1`, to: `${BLUEPRINT}@1`, outcome: 'rolled_back' })
  expect(await switched(host, BACK)).toMatchObject({ changed: false })
  await switched(host, TO, clock('2026-11-24T12:00:00Z'))
  expect(runsOn(host, 'web1')).toBe(NEXT)
})

test('data goes back only where that is asked for, and nothing younger would go with it', async () => {
  const host = await customized()
  await switched(host, TO)
  host.tree.write(`${ROOT}/home/data`, 'newer\n')
  host.outside('zfs', 'snapshot', 'zroot/hosting/instances/web1/home@auto-1')
  const refused = await failing(host, { ...BACK, rollback_data: true }, clock('2026-11-23T12:00:00Z'))
  expect(refused.message).toBe(
    'web1: its data cannot be rolled back, since there are younger snapshots, which would go: zroot/hosting/instances/web1/home@auto-1. Destroy those that nobody needs, or go back without `rollback_data`: the data of then is in the snapshot switch-20261122T120000Z.',
  )
  expect(runsOn(host, 'web1')).toBe(NEXT)
  host.outside('zfs', 'destroy', 'zroot/hosting/instances/web1/home@auto-1')
  const back = { ...BACK, rollback_data: true }
  await switched(host, back, clock('2026-11-23T12:00:00Z'))
  expect([runsOn(host, 'web1'), fileOf(host, 'web1', 'home/data')]).toEqual([BLUEPRINT, 'precious\n'])
})

test('an instance that does not run is switched, and stays stopped', async () => {
  const host = await switchHost(['web1'], [])
  const report = await switched(host, TO)
  expect(report.steps.filter(words => /^jail/.test(words))).toEqual([])
  expect(report.state.instances.web1).toMatchObject({ outcome: 'switched', to: `${NEXT}@1` })
  expect(report.state.instances.web1).not.toHaveProperty('outage_seconds')
  expect(host.tree.read('/hosting/instances/web1/fstab')).toContain(NEXT)
  expect(await switched(host, TO)).toMatchObject({ changed: false })
})

test('so many snapshots of switches are kept, and each is held', async () => {
  const host = await switchHost()
  const days = ['2026-11-22', '2026-12-22', '2027-01-22', '2027-02-22']
  for (const [at, day] of days.entries())
    await switched(
      host,
      { id: 'web1', blueprint: at % 2 === 0 ? NEXT : BLUEPRINT, keep_generations: 2 },
      clock(`${day}T12:00:00Z`),
    )
  const all = host.outside('zfs', 'list', '-H', '-t', 'snapshot', '-o', 'name', 'zroot/hosting/instances/web1').stdout
  expect(all).toBe(
    'zroot/hosting/instances/web1@switch-20270122T120000Z\nzroot/hosting/instances/web1@switch-20270222T120000Z\n',
  )
  expect(host.outside('zfs', 'destroy', '-r', 'zroot/hosting/instances/web1@switch-20270122T120000Z').exit).toBe(1)
})
