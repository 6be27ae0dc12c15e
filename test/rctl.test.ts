import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRules } from '../modules/freebsd/rctl.ts'
import { changeRules, kindOf } from '../modules/rules/limit/wishes.ts'
import { type FakeHost, fakeFreeBSD } from './support/fake-freebsd.ts'
import { applied, FILE, limitedHost as host, LINES, refusal } from './support/limited-host.ts'

const rulesOf = (machine: FakeHost) => machine.outside('rctl').stdout.split('\n').filter(Boolean).sort()

describe('rules', () => {
  test('rctl-2 a deny rule is replaced in place, another is added before the one it replaces is removed', async () => {
    const machine = host()
    const report = await applied(machine, { jail: 'web1', limits: { maxproc: 50, 'openfiles:log': '2K' } })
    expect(report.steps).toEqual([
      'rctl -a jail:web1:maxproc:deny=50 jail:web1:openfiles:log=2048',
      'rctl -r jail:web1:openfiles:log=1024/jail',
      `write ${FILE}`,
    ])
    expect(rulesOf(machine)).toEqual([
      'jail:web10:maxproc:deny=7',
      'jail:web1:maxproc:deny=50',
      'jail:web1:openfiles:log=2048',
    ])
  })

  test('in the file, foreign lines, comments and what is as wanted stay byte for byte', async () => {
    const machine = host()
    await applied(machine, { jail: 'web1', limits: { maxproc: 50, 'openfiles:log': 1024, swapuse: '1.5G' } })
    expect(machine.tree.read(FILE)).toBe(`${LINES.replace('deny=100', 'deny=50')}jail:web1:swapuse:deny=1536M\n`)
  })

  test('rctl-3 what is counted for users beside what is counted for the jail is a limit of its own', async () => {
    const machine = host()
    await applied(machine, { jail: 'web1', limits: { maxproc: [100, '50/user'] } })
    expect(rulesOf(machine)).toContain('jail:web1:maxproc:deny=50/user')
    const report = await applied(machine, { jail: 'web1', limits: { maxproc: '50/user' } })
    expect(report.steps[0]).toBe('rctl -r jail:web1:maxproc:deny=100/jail')
    expect(rulesOf(machine)).toEqual(['jail:web10:maxproc:deny=7', 'jail:web1:maxproc:deny=50/user'])
  })

  test('without `limits` nothing is changed, with none all are taken away', async () => {
    const machine = host()
    expect(await applied(machine, { jail: 'web1' })).toMatchObject({
      changed: false,
      state: {
        jails: { web1: { limits: ['maxproc:deny=100', 'openfiles:log=1024'], use: { maxproc: 0, openfiles: 0 } } },
      },
    })
    await applied(machine, { jail: 'web1', limits: {} })
    expect(rulesOf(machine)).toEqual(['jail:web10:maxproc:deny=7'])
    expect(machine.tree.read(FILE)).toBe(
      '# Written by hand, long ago\nuser:www:nthr:deny=9\n\njail:web10:maxproc:deny=7\n',
    )
  })

  test('no limits for all of a list are none for each that says nothing', async () => {
    const machine = host()
    await applied(machine, { limits: {}, jails: ['web1', { jail: 'web10', limits: { maxproc: 7 } }] })
    expect(rulesOf(machine)).toEqual(['jail:web10:maxproc:deny=7'])
  })

  test('`keep_others` leaves what the task does not name', async () => {
    const machine = host()
    await applied(machine, { jail: 'web1', limits: { swapuse: '1G' }, keep_others: true })
    expect(rulesOf(machine)).toHaveLength(4)
    expect(machine.tree.read(FILE)).toBe(`${LINES}jail:web1:swapuse:deny=1G\n`)
  })

  test('rctl-4 a jail need not exist, and what holds now holds after a reboot', async () => {
    const machine = host({ files: {} })
    await applied(machine, {
      limits: { pcpu: '200%', maxproc: [400, '50/user'], 'cputime:log': '12h' },
      jails: ['none1', { jail: 'none2', limits: { pcpu: null, 'memoryuse:sigkill': '2G' } }],
    })
    const before = rulesOf(machine)
    expect(before).toEqual([
      'jail:none1:cputime:log=43200',
      'jail:none1:maxproc:deny=400',
      'jail:none1:maxproc:deny=50/user',
      'jail:none1:pcpu:deny=200',
      'jail:none2:cputime:log=43200',
      'jail:none2:maxproc:deny=400',
      'jail:none2:maxproc:deny=50/user',
      'jail:none2:memoryuse:sigkill=2147483648',
      'jail:web10:maxproc:deny=7',
      'jail:web1:maxproc:deny=100',
      'jail:web1:openfiles:log=1024',
    ])
    machine.outside('rctl', '-r', ':')
    machine.outside('service', 'rctl', 'start')
    expect(rulesOf(machine)).toEqual(before.filter(rule => rule.includes('none')))
  })

  test('two processes for fifty jails with nothing to do', async () => {
    const machine = host()
    const task = {
      limits: { maxproc: 400, swapuse: '2G', readbps: '50M' },
      jails: Array.from({ length: 50 }, (_, number) => `web${number + 1}`),
    }
    await applied(machine, task)
    const counted = machine.counts.rctl ?? 0
    expect(await applied(machine, task)).toMatchObject({ changed: false })
    expect((machine.counts.rctl ?? 0) - counted).toBe(2)
    expect(Object.keys(machine.counts)).toEqual(['rctl'])
  })

  test.each([0, 1, 2])('cut off after %i steps, the next run finishes', async count => {
    const machine = host()
    const task = { jail: 'web1', limits: { maxproc: 50, 'openfiles:log': '2K' } }
    const cut: FakeHost = {
      ...machine,
      async perform(step) {
        if (machine.performed.length >= count) throw new Error('the connection is gone')
        await machine.perform(step)
      },
    }
    await expect(applied(cut, task)).rejects.toThrow('the connection is gone')
    expect((await applied(machine, task)).steps).toHaveLength(3 - count)
    expect(await applied(machine, task)).toMatchObject({
      changed: false,
      state: {
        jails: {
          web1: {
            limits: ['maxproc:deny=50', 'openfiles:log=2048'],
            at_boot: ['maxproc:deny=50', 'openfiles:log=2048'],
          },
        },
      },
    })
  })

  test('what the kernel refuses is not written for the next boot', async () => {
    const machine = host()
    const readOnly = { ...machine, perform: async () => Promise.reject(new Error('Operation not permitted')) }
    await expect(applied(readOnly as FakeHost, { jail: 'web1', limits: { maxproc: 1 } })).rejects.toThrow()
    expect(machine.tree.read(FILE)).toBe(LINES)
  })
})

test('at no moment is a resource without the limits that it has before and after', async () => {
  const rule = fc.record({
    resource: fc.constantFrom('maxproc', 'openfiles'),
    action: fc.constantFrom('deny', 'log', 'sigterm'),
    amount: fc.bigInt(1n, 3n),
    per: fc.constantFrom('jail', 'user'),
    jail: fc.constantFrom('web1', 'web2'),
  })
  const rules = fc.uniqueArray(rule, {
    selector: one => (one.action === 'deny' ? kindOf(one) : `${kindOf(one)}${one.amount}`),
  })
  await fc.assert(
    fc.asyncProperty(rules, rules, async (present, wanted) => {
      const machine = fakeFreeBSD()
      const live = () => parseRules(machine.outside('rctl', 'jail:').stdout)
      for (const step of changeRules([], present)) await machine.perform(step)
      const kinds = new Set(present.map(kindOf).filter(kind => wanted.some(one => kindOf(one) === kind)))
      for (const step of changeRules(live(), wanted)) {
        const [program, flag = '', ...operands] = step.command
        for (const operand of operands) {
          await machine.perform({ kind: 'run', command: [program, flag, operand] })
          const now = new Set(live().map(kindOf))
          expect([...kinds].filter(kind => !now.has(kind))).toEqual([])
        }
      }
      expect(changeRules(live(), wanted)).toEqual([])
    }),
    { numRuns: 100 },
  )
})

describe('the file of the boot', () => {
  test('rc.conf says where it is, and whether it is read', async () => {
    const machine = host({ files: { '/etc/rc.conf': 'rctl_enable="NO"\nrctl_rules="/etc/limits"\n' } })
    const report = await applied(machine, { jail: 'web1', limits: { maxproc: 50 } })
    expect(report.warnings).toEqual([expect.stringContaining('rctl_enable is not YES')])
    expect(machine.tree.read('/etc/limits')).toBe('jail:web1:maxproc:deny=50\n')
  })

  test('is not replaced where it is a link', async () => {
    const machine = host({ files: { '/etc/limits': '' } })
    machine.tree.symlink(FILE, '/etc/limits')
    expect(await refusal(machine, { jail: 'web1', limits: { maxproc: 50 } })).toMatch(/symbolic link/)
    expect(machine.performed).toEqual([])
  })
})
