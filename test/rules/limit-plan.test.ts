/** What rctl refuses, warns of and tells. */
import { describe, expect, test } from 'vitest'
import { applied, checked, FILE, limitedHost as host, refusal } from '../support/limited-host.ts'

describe('rctl-1 a kernel that was booted without limits', () => {
  const off = { sysctls: { 'kern.racct.enable': '0' }, commands: [] }

  test('is refused with the way out', async () => {
    const machine = host(off)
    expect(await refusal(machine, { jail: 'web1', limits: { maxproc: 50 } })).toMatch(
      /kern\.racct\.enable is 0.*Put kern\.racct\.enable=1 into \/boot\/loader\.conf .*and reboot\./,
    )
    expect(machine.performed).toEqual([])
  })

  const ON = 'kern.racct.enable="1"\n'
  const OFF = 'kern.racct.enable="0"\n'
  test.each<[string, Record<string, string>]>([
    ['loader.conf', { '/boot/loader.conf': ON }],
    ['a file in its folder', { '/boot/loader.conf.d/limits.conf': ON }],
    ['the file that counts most', { '/boot/loader.conf': OFF, '/boot/loader.conf.local': ON }],
  ])('needs nothing but the reboot where %s turns them on', async (_, files) => {
    const machine = host({ ...off, files })
    expect(await refusal(machine, { jail: 'web1', limits: { maxproc: 50 } })).toMatch(/turns them on: reboot\.$/)
  })

  test.each<[string, Record<string, string>]>([
    ['a later file turns them off again', { '/boot/loader.conf': ON, '/boot/loader.conf.local': OFF }],
    ['only a comment speaks of them', { '/boot/loader.conf': `# ${ON}` }],
    ['it is for the loader to say what a value is', { '/boot/loader.conf': 'kern.racct.enable=$racct\n' }],
  ])('is not promised to be over with a reboot where %s', async (_, files) => {
    const machine = host({ ...off, files })
    expect(await refusal(machine, { jail: 'web1', limits: { maxproc: 50 } })).toMatch(/Put kern\.racct\.enable=1 into/)
  })

  test('is warned of when only checked, and planned for', async () => {
    const report = await checked(host(off), { jail: 'web1', limits: { maxproc: 50 } })
    expect(report.warnings[0]).toMatch(/kern\.racct\.enable is 0/)
    expect(report.steps).toEqual(['rctl -a jail:web1:maxproc:deny=50', `write ${FILE}`])
  })

  test('is no obstacle to having no limits', async () => {
    const machine = host(off)
    expect((await applied(machine, { jail: 'web1', limits: {} })).steps).toEqual([`write ${FILE}`])
  })
})

describe('memory', () => {
  const warnings = async (limits: object) => (await checked(host(), { jail: 'web1', limits })).warnings

  test('memoryuse:deny alone is warned of, with what holds', async () => {
    expect(await warnings({ memoryuse: '1G' })).toEqual([
      expect.stringMatching(/web1: memoryuse:deny denies nothing.*Java.*swapuse.*sigterm.*sigkill.*cpus/),
    ])
  })

  test.each([{ swapuse: '1G' }, { vmemoryuse: '4G' }, { 'memoryuse:sigkill': '2G' }])('not beside %j', async more => {
    expect(await warnings({ memoryuse: '1G', ...more })).toEqual([])
  })
})

describe('before the reboot that the limits need', () => {
  test('they are written down for it where that is asked for, with a warning, and are in force after it', async () => {
    const machine = host({ sysctls: { 'kern.racct.enable': '0' }, files: {}, commands: [] })
    const options = { jail: 'web1', limits: { maxproc: 400 }, allow_later: true }
    const report = await applied(machine, options)
    expect(report).toMatchObject({
      steps: ['write /etc/rctl.conf'],
      warnings: [expect.stringContaining('kern.racct.enable is 0')],
      state: { jails: { web1: { limits: [], at_boot: ['maxproc:deny=400'] } } },
    })
    expect(await applied(machine, options)).toMatchObject({ changed: false, warnings: report.warnings })
    machine.tree.mkdir('/boot')
    machine.tree.write('/boot/loader.conf', 'kern.racct.enable="1"\n')
    machine.boot()
    expect(machine.outside('rctl', 'jail:web1').stdout).toBe('jail:web1:maxproc:deny=400\n')
    expect(await applied(machine, options)).toMatchObject({ changed: false, warnings: [] })
  })
})

describe('CPUs', () => {
  const running = (files: Record<string, string> = {}) =>
    host({ files, commands: [['jail', '-c', 'name=web1', 'path=/', 'persist']] })
  const command = 'cpuset -l 0 -j web1'

  test('of a running jail are set, and how they stay is told', async () => {
    const machine = running()
    const report = await applied(machine, { jail: 'web1', cpus: '0' })
    expect(report).toMatchObject({ steps: [command], state: { jails: { web1: { cpus: '0' } } } })
    expect(report.warnings).toEqual([expect.stringContaining("give instance_jail the same: `cpus: '0'`")])
    expect(machine.outside('cpuset', '-g', '-j', 'web1').stdout).toMatch(/mask: 0$/m)
    expect((await applied(machine, { jail: 'web1', cpus: 'all' })).steps).toEqual(['cpuset -l 0-1 -j web1'])
  })

  test('that its configuration gives it at every start need no word', async () => {
    const machine = running({ '/etc/jail.conf.d/web1.conf': `web1 {\n  exec.poststart = "${command}";\n}\n` })
    expect((await applied(machine, { jail: 'web1', cpus: '0' })).warnings).toEqual([])
  })

  test('of a jail that does not run are told to be none', async () => {
    const report = await applied(host(), { jail: 'web1', cpus: '0' })
    expect(report).toMatchObject({ changed: false, warnings: [expect.stringContaining('does not run')] })
  })

  test('that the host has not are refused', async () => {
    expect(await refusal(running(), { jail: 'web1', cpus: '0-7' })).toMatch(/this host has CPUs 0 to 1 only/)
  })
})

test('what is used is told of all resources, or of none', async () => {
  const machine = host({ commands: [['jail', '-c', 'name=web1', 'path=/', 'persist', 'exec.start=sleep 9 &']] })
  const use = async (amount: string) => {
    const { state } = await applied(machine, { jail: 'web1', use: amount })
    return (state.jails as Record<string, { use?: object }>).web1?.use
  }
  expect(Object.keys((await use('all')) ?? {})).toHaveLength(25)
  expect(await use('limited')).toBeUndefined()
  expect(await use('none')).toBeUndefined()
})
