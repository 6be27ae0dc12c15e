import { describe, expect, test } from 'vitest'
import { describeRule } from '../../modules/freebsd/rctl.ts'
import { readAmount } from '../../modules/rules/limit/amounts.ts'
import { readCpuList } from '../../modules/rules/limit/cpus.ts'
import { requestsOf, type TaskOptions } from '../../modules/rules/limit/requests.ts'

const rulesOf = (task: Omit<TaskOptions, 'use'>) =>
  requestsOf({ use: 'none', ...task }).map(({ limits }) => [...(limits?.values() ?? [])].flat().map(describeRule))

test('what stands beside the list holds for each; null takes it away', () => {
  const jails = [
    { jail: 'web1' },
    { jail: 'web2', limits: { 'maxproc:deny': [5], swapuse: ['1G'] } },
    { jail: 'db1', limits: { maxproc: [null] } },
  ]
  expect(rulesOf({ limits: { maxproc: [9], pcpu: [100] }, jails })).toEqual([
    ['maxproc:deny=9', 'pcpu:deny=100'],
    ['maxproc:deny=5', 'pcpu:deny=100', 'swapuse:deny=1G'],
    ['pcpu:deny=100'],
  ])
})

test('the usual action is to deny, or to throttle', () => {
  expect(
    rulesOf({ jail: 'web1', limits: { nthr: [9], readbps: ['1M'], 'readiops:log': [7], 'pcpu:devctl': [80] } }),
  ).toEqual([['nthr:deny=9', 'readbps:throttle=1M', 'readiops:log=7', 'pcpu:devctl=80']])
})

describe('refused before anything is looked at', () => {
  test.each<[string, Omit<TaskOptions, 'use'>, RegExp]>([
    ['neither one nor a list', {}, /give either `jail`/],
    ['one and a list', { jail: 'web1', jails: [{ jail: 'web2' }] }, /give either `jail`/],
    ['one twice', { jails: [{ jail: 'web1' }, { jail: 'web1' }] }, /web1 is listed twice/],
    ['a name that is none', { jail: 'web1:maxproc' }, /cannot be the name of a jail/],
    ['a name that would be a word of xargs(1)', { jail: 'web"1' }, /cannot be the name of a jail/],
  ])('%s', (_, task, why) => expect(() => rulesOf(task)).toThrow(why))

  test.each<[string, string | number | boolean | null, RegExp]>([
    ['memory', '1G', /web1: memory: there is no resource 'memory'; did you mean 'memoryuse'\?/],
    ['maxproc:denied', 1, /no action 'denied'; did you mean 'deny'\?/],
    ['maxproc:deny=5', 1, /no action/],
    ['maxproc:deny:5', 1, /write RESOURCE:ACTION/],
    ['cputime', '12h', /an action must be named, like cputime:log/],
    ['cputime:deny', '12h', /cputime cannot be denied/],
    ['readbps:deny', '1M', /Throttle it/],
    ['pcpu:throttle', 100, /pcpu cannot be throttled.*`cpus`/],
    ['readbps', 0, /cannot throttle to nothing/],
    ['swapuse', '1G/process', /not counted for a single process/],
    ['maxproc', '5/group', /'\/group' is none of \/process, \/user/],
    ['maxproc', 'lots', /'lots' is not a whole number/],
    ['maxproc', -1, /'-1' is not/],
    ['maxproc', 1.5, /'1.5' is not a whole number/],
    ['maxproc', true, /'true' is not/],
    ['memoryuse', '8E', /more than the kernel can count/],
    ['pcpu', '9223372036855', /more than the kernel can count/],
  ])('%s: %j', (key, amount, why) => expect(() => rulesOf({ jail: 'web1', limits: { [key]: [amount] } })).toThrow(why))

  test('two amounts where the kernel keeps one; several where it keeps all', () => {
    const limits = (key: string) => ({ jail: 'web1', limits: { [key]: [5, 6] } })
    expect(() => rulesOf(limits('maxproc'))).toThrow(/maxproc: there can be one amount for each jail/)
    expect(rulesOf(limits('maxproc:log'))).toEqual([['maxproc:log=5', 'maxproc:log=6']])
  })
})

test.each([
  ['512M', 'bytes', 512n << 20n],
  ['512MiB', 'bytes', 512n << 20n],
  ['512 mb', 'bytes', 512n << 20n],
  ['1.5G', 'bytes', 1536n << 20n],
  ['0.5k', 'bytes', 512n],
  ['7', 'bytes', 7n],
  ['7b', 'bytes', 7n],
  ['2k', 'count', 2048n],
  ['1.5h', 'seconds', 5400n],
  ['90min', 'seconds', 5400n],
  ['2d', 'seconds', 172_800n],
  ['250%', 'percent', 250n],
] as const)('%s of %s', (words, kind, amount) => expect(readAmount(words, kind)).toBe(amount))

test.each([
  ['5ib', 'bytes'],
  ['5min', 'bytes'],
  ['0.3', 'bytes'],
  ['5M', 'seconds'],
  ['5m', 'seconds'],
  ['5k', 'percent'],
  ['', 'count'],
] as const)('%s is no amount of %s', (words, kind) => expect(() => readAmount(words, kind)).toThrow(/ is not a/))

test('lists of CPUs', () => {
  expect(readCpuList('2,0-1, 1')).toEqual([0, 1, 2])
  expect(readCpuList('all')).toBe('all')
  for (const words of ['', '3-1', 'a', '1-', '-1']) expect(() => readCpuList(words)).toThrow(/is not a list of CPUs/)
})
