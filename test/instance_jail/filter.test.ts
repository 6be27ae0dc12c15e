/** pf's rules of instances: in force before an interface is there, following what is wanted, and gone with the instance. */
import { describe, expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { checked, converged, failing, jailHost, NOTHING, ON_BRIDGE, tracesOf } from '../support/jail-host.ts'

const CONF = '/etc/jail.conf.d/web1.conf'
const RULES = '/etc/pf.hosting.d/web1.conf'
const START = `jail -f ${CONF} -c web1`
const STOP = `jail -f ${CONF} -r web1`
const options = { id: 'web1', ...ON_BRIDGE }
const open = { id: 'web1', interfaces: [{ ...ON_BRIDGE.interfaces[0], private: false }] }
const inForce = (host: FakeHost) => host.outside('pfctl', '-a', 'hosting/web1', '-sr').stdout

async function running(given: object = options) {
  const host = await jailHost()
  await converged(host, given)
  return host
}

describe('in force', () => {
  test('live-8: what it may send as is blocked to everything else, by default', async () => {
    const host = await running()
    expect(inForce(host)).toMatch(/^block drop in quick on e0a_web1 inet from ! <own_e0a_web1> to any$/m)
    expect(host.tree.read(RULES)).toMatch(
      /^table <own_e0a_web1> const \{ 10\.66\.0\.11, fd00:66::11, fe80::.*, :: \}$/m,
    )
    const { state } = await converged(host, options)
    expect(state).toMatchObject({
      instances: { web1: { rules: expect.arrayContaining([expect.stringMatching(/^table/)]) } },
    })
  })

  test('they are loaded before its interface is there, and go after that', async () => {
    const host = await running()
    const lines = (host.tree.read(CONF) ?? '').split('\n')
    const of = (name: string) => lines.filter(line => line.trim().startsWith(name))
    const [loaded, ...made] = of('exec.prepare').filter(line => /pfctl|ifconfig/.test(line))
    expect(loaded).toContain(`"pfctl -a hosting/web1 -f ${RULES}"`)
    expect(made.join('\n')).not.toContain('pfctl')
    expect(of('exec.release')).toEqual([
      '  exec.release = "arp -d 10.66.0.11 > /dev/null 2>&1 || true";',
      '  exec.release += "ifconfig e0a_web1 destroy";',
      '  exec.release += "pfctl -q -a hosting/web1 -F all";',
    ])
    await converged(host, { ...options, state: 'stopped' })
    expect(inForce(host)).toBe('')
    expect(host.tree.read(RULES)).toContain('block')
  })

  test('a reboot brings them back', async () => {
    const host = await running()
    const before = inForce(host)
    host.boot()
    expect(inForce(host)).toBe(before)
    expect(await converged(host, options)).toMatchObject({ changed: false, warnings: [] })
  })
})

describe('while it runs', () => {
  const LOAD = `pfctl -a hosting/web1 -f ${RULES}`

  test.each<[string, (host: FakeHost) => void, string[]]>([
    ['emptied by somebody', host => host.outside('pfctl', '-a', 'hosting/web1', '-F', 'all'), [LOAD]],
    ['a file changed by hand', host => host.tree.write(RULES, 'pass\n'), [`write ${RULES}`]],
    [
      'a file of an earlier release',
      host => {
        host.tree.write(RULES, 'block in on e0a_web1\nanchor "revision-earlier"\n')
        host.outside('pfctl', '-a', 'hosting/web1', '-f', RULES)
      },
      [`write ${RULES}`, LOAD],
    ],
  ])('%s: put right at once, and foretold', async (_title, change, steps) => {
    const host = await running()
    const before = inForce(host)
    change(host)
    const foretold = await checked(host, options)
    expect(await converged(host, options)).toMatchObject({ steps, warnings: [] })
    expect(foretold.steps).toEqual(steps)
    expect(inForce(host)).toBe(before)
    expect(await converged(host, options)).toMatchObject({ changed: false })
  })

  test('with another address it keeps the rules of the one it has until it is restarted', async () => {
    const host = await running()
    const before = inForce(host)
    const moved = { id: 'web1', interfaces: [{ bridge: 'hosting0', addresses: ['10.66.0.12/24'] }] }
    expect(await converged(host, moved)).toMatchObject({ steps: [`write ${RULES}`, `write ${CONF}`] })
    expect(inForce(host)).toBe(before)
    expect(await converged(host, moved)).toMatchObject({ changed: false })
    await converged(host, { ...moved, restart: true })
    expect(inForce(host)).not.toBe(before)
    expect(await converged(host, moved)).toMatchObject({ changed: false, warnings: [] })
  })
})

describe('private: false', () => {
  test('from the beginning there are no rules, and pf is not asked', async () => {
    const host = await running(open)
    expect(host.tree.read(RULES)).toBeUndefined()
    expect(host.tree.read(CONF)).not.toContain('pfctl')
    expect(host.counts).not.toHaveProperty('pfctl')
    expect(host.outside('ifconfig', 'hosting0').stdout).not.toContain('PRIVATE')
  })

  test('later: they stay until a restart, and then go', async () => {
    const host = await running()
    expect((await converged(host, open)).steps).toEqual([`write ${CONF}`])
    expect(inForce(host)).toContain('block')
    expect(await converged(host, open)).toMatchObject({ changed: false })
    const report = await converged(host, { ...open, restart: true })
    expect(report.steps).toEqual([STOP, 'arp -d 10.66.0.11', 'pfctl -q -a hosting/web1 -F all', `rm ${RULES}`, START])
    expect(inForce(host)).toBe('')
    expect(await converged(host, open)).toMatchObject({ changed: false })
  })

  test('restarted in the same run, foretold', async () => {
    const host = await running()
    const foretold = await checked(host, { ...open, restart: true })
    const report = await converged(host, { ...open, restart: true })
    expect(report.steps).toEqual([STOP, `write ${CONF}`, `rm ${RULES}`, START])
    expect(foretold.steps).toEqual(report.steps)
    expect([inForce(host), host.tree.lstat(RULES)]).toEqual(['', undefined])
    expect(await converged(host, open)).toMatchObject({ changed: false })
  })
})

test('gone with the instance, also where it was killed in between', async () => {
  const host = await running()
  host.tree.remove(CONF)
  await converged(host, { id: 'web1', state: 'absent' })
  expect(tracesOf(host, 'web1')).toEqual(NOTHING)
  expect([inForce(host), host.tree.lstat(RULES)]).toEqual(['', undefined])
  host.tree.write(RULES, 'block\n')
  expect(await converged(host, { id: 'web1', state: 'absent' })).toMatchObject({ steps: [`rm ${RULES}`] })
})

describe('a host whose pf does not look', () => {
  const OFF =
    'web1: pf is off, so that nothing looks at what they send: vnet_bridge sees to that, unless its `isolate` is false; or let the interfaces be `private: false`, which lets each send as anybody.'
  const OTHER = OFF.replace('pf is off,', 'the main rules of pf do not call anchor "hosting/*",')
  const CASES: [string, (host: FakeHost) => void, string][] = [
    ['it is off', host => host.outside('pfctl', '-d'), OFF],
    ['it is not even loaded', host => host.outside('kldunload', 'pf'), OFF],
    [
      'its main rules are others',
      host => {
        host.tree.write('/etc/pf.conf', 'pass\n')
        host.outside('pfctl', '-f', '/etc/pf.conf')
      },
      OTHER,
    ],
  ]

  test.each(CASES)('%s: nothing is started, and check mode plans as if it did', async (_title, change, words) => {
    const host = await jailHost()
    change(host)
    expect((await failing(host, options)).message).toBe(words)
    expect(host.performed).toEqual([])
    const foretold = await checked(host, options)
    expect(foretold.warnings).toEqual([`${words} Planned as if it were there.`])
    expect(foretold.steps.at(-1)).toBe(START)
    // It comes with pf's own setting up.
    expect(foretold.steps).not.toContain('mkdir -m 0755 /etc/pf.hosting.d')
    expect(await converged(host, { ...options, state: 'present' })).toMatchObject({
      msg: 'web1: configured',
      warnings: [],
    })
  })

  test.each(CASES.slice(0, 1))('%s: what runs is told of', async (_title, change, words) => {
    const host = await running()
    change(host)
    expect(await converged(host, options)).toMatchObject({ steps: [], warnings: [words] })
  })

  test('many are told of in one sentence', async () => {
    const ids = ['web1', 'web2', 'web3', 'web4', 'web5']
    const host = await jailHost({ ids })
    host.outside('pfctl', '-d')
    const { message } = await failing(host, { instances: ids, interfaces: ['hosting0'] })
    expect(message).toMatch(/^web1, web2, web3 and 2 more: pf is off, /)
  })
})

test('a file of a later release is left alone', async () => {
  const host = await jailHost()
  host.tree.mkdir('/etc/pf.hosting.d')
  host.tree.write(RULES, '# bluejail, format 9. Written by instance_jail\n')
  expect((await failing(host, options)).message).toMatch(
    /^\/etc\/pf\.hosting\.d\/web1\.conf is of format 9, written by a later/,
  )
})
