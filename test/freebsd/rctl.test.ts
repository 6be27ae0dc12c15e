import { describe, expect, test } from 'vitest'
import { describeCpus, parseMask } from '../../modules/freebsd/cpuset.ts'
import {
  describeRule,
  parseRule,
  parseRules,
  parseUse,
  readRules,
  removeRules,
  ruleOf,
} from '../../modules/freebsd/rctl.ts'
import { parseLines } from '../../modules/freebsd/rctl-conf.ts'
import { ACTIONS, RESOURCES } from '../../modules/freebsd/rctl-resources.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { linesOf, printed } from './transcript.ts'

const NAME = '04-symlink-rctl-net'
const said = (words: string) => {
  const line = linesOf(NAME).find(({ cmd }) => cmd === words)
  if (line === undefined) throw new Error(`no line has ${words}`)
  return line.stdout
}

describe('rctl as a FreeBSD 14.2 host printed it', () => {
  test('every rule is read, and means the same as we write it', () => {
    const rules = printed(NAME, /^jail:[^ ]*=\d/)
    expect(rules.length).toBeGreaterThan(20)
    for (const rule of rules) {
      const [parsed] = parseRules(rule)
      expect(parseRule(ruleOf(parsed as NonNullable<typeof parsed>))).toEqual(parsed)
    }
  })

  test('rctl-2 amounts come in plain units, and are told in those of a person', () => {
    const line = said(
      'rctl -a jail:web1:memoryuse:deny=512M; rctl -a jail:web1:pcpu:deny=200; rctl -a jail:web1:maxproc:deny=100; rctl -a jail:web1:openfiles:log=1000; rctl',
    )
    expect(parseRules(line).map(describeRule)).toEqual([
      'openfiles:log=1000',
      'maxproc:deny=100',
      'pcpu:deny=200',
      'memoryuse:deny=512M',
    ])
  })

  test('rctl-3 without a word, a rule is counted for its jail', () => {
    expect(parseRules('jail:web1:maxproc:deny=50/user\njail:web1:maxproc:deny=100\n').map(({ per }) => per)).toEqual([
      'user',
      'jail',
    ])
  })

  test('use, of the resources that we know, in their order', () => {
    const one = said('rctl -u jail:web1')
    expect(parseUse(one + one).map(block => [...block.keys()])).toEqual([
      Object.keys(RESOURCES),
      Object.keys(RESOURCES),
    ])
  })

  test('rctl-1 a kernel that keeps no limits says so', async () => {
    expect(await readRules(fakeFreeBSD({ sysctls: { 'kern.racct.enable': '0' } }))).toEqual({ without: 'tunable' })
  })

  test('anything else is not guessed at', () => {
    expect(() => parseRules('jail:web1\n')).toThrow(/cannot read/)
    expect(() => parseUse('cputime\n')).toThrow(/cannot read/)
  })
})

test('rctl-3 a rule is removed with what it is counted for, so that no other goes with it', () => {
  const rule = { jail: 'web1', resource: 'maxproc', action: 'deny', amount: 100n, per: 'jail' }
  expect(removeRules([rule])[0]?.command).toEqual(['rctl', '-r', 'jail:web1:maxproc:deny=100/jail'])
})

test('a thousand rules a process: argument lists have an end [net-5]', () => {
  const rules = Array.from({ length: 1001 }, (_, number) => ({
    jail: 'web1',
    resource: 'maxproc',
    action: 'log',
    amount: BigInt(number),
    per: 'jail',
  }))
  expect(removeRules(rules).map(({ command }) => command.length)).toEqual([1002, 3])
  expect(removeRules([])).toEqual([])
})

test.each([
  ['j:web1:maxproc:deny=0x10', 16n],
  ['jail:web1:maxproc:deny=010', 8n],
  ['JAIL:web1:MAXPROC:Deny=1k/Jail', 1024n],
  ['jail:web1:memoryuse:deny=8E', 8n << 60n],
])('%s is read as rctl(8) reads it', (text, amount) => {
  expect(parseRule(text)?.amount).toBe(amount)
  expect(parseRule(text)).toMatchObject({ action: 'deny', per: 'jail', resource: expect.stringMatching(/^[a-z]+$/) })
})

test.each(['jail:web1', 'jail::maxproc:deny=1', 'user:www:maxproc:deny=1', 'jail:web1:maxproc:deny=lots', '#'])(
  '%s is no rule of a jail',
  text => expect(parseRule(text)).toBeUndefined(),
)

test.each([
  [1023n, 'memoryuse:deny=1023'],
  [1536n << 20n, 'memoryuse:deny=1536M'],
  [1n << 40n, 'memoryuse:deny=1T'],
  [0n, 'memoryuse:deny=0'],
])('%s bytes are told exactly', (amount, words) => {
  expect(describeRule({ jail: 'web1', resource: 'memoryuse', action: 'deny', amount, per: 'jail' })).toBe(words)
})

test('there are 31 signals, as in sys/kern/kern_rctl.c', () => {
  expect(new Set(ACTIONS.filter(action => action.startsWith('sig'))).size).toBe(31)
})

test('rctl.conf: the first word of a line counts', () => {
  const text = '  jail:web1:maxproc:deny=5 # five\n#jail:web1:maxproc:deny=6\n\njail:web1:bad\nuser:x:nthr:deny=1'
  const lines = parseLines(text)
  expect(lines.map(line => line.text).join('')).toBe(text)
  expect(lines.map(({ jail, rule, tail }) => [jail, rule?.amount, tail])).toEqual([
    ['web1', 5n, ' # five'],
    [undefined, undefined, ''],
    [undefined, undefined, ''],
    ['web1', undefined, ''],
    [undefined, undefined, ''],
  ])
})

test('cpuset -g -j, and lists of CPUs', () => {
  expect(parseMask('jail 3 mask: 0, 1, 5\njail 3 domain policy: first-touch mask: 0\n')).toEqual([0, 1, 5])
  expect(parseMask('pid 9 mask: 0\n')).toBeUndefined()
  expect(describeCpus([0, 1, 2, 5, 7, 8])).toBe('0-2,5,7-8')
})
