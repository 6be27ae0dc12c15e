import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CommandFailed } from '../../modules/core/errors.ts'
import type { Host } from '../../modules/core/host.ts'
import { defineModule } from '../../modules/core/module.ts'
import { optional, secret, text } from '../../modules/core/options.ts'
import { answer, readArguments } from '../../modules/core/program.ts'
import { encodeResult, masking } from '../../modules/core/result.ts'
import { run } from '../../modules/core/step.ts'

const door = defineModule({
  name: 'door',
  summary: 'A door',
  description: ['For tests.'],
  options: { name: text('Its name.'), key: optional(secret('Its key.')) },
  state: { name: text('Its name.') },
  examples: {},
  observe: async ({ name }) => {
    if (name === 'bug') throw new TypeError('x is not a function')
    return name
  },
  plan: ({ name, key }) => ({
    before: { name: '' },
    after: { name },
    steps: [run('open', name), { ...run('lock', name), ...(key !== undefined && { input: key }) }],
    msg: `opened ${name} with ${key}`,
  }),
})

const host = (failing?: string): Host => ({
  query: async () => ({ exit: 0, stdout: '', stderr: '' }),
  read: async () => undefined,
  bytes: async () => undefined,
  digest: async () => undefined,
  contact: async () => ({}),
  status: async () => undefined,
  list: async () => undefined,
  async perform(step) {
    if (step.kind === 'run' && step.command[0] === failing) throw CommandFailed.timedOut(step.command, 5)
  },
  lock: async () => async () => {},
})

test('a result has changed, msg, steps, state and invocation; a diff only when asked for', async () => {
  const given = {
    name: 'front',
    _ansible_check_mode: false,
    _ansible_diff: false,
    _ansible_version: '2.19.14',
    _ansible_future: {},
  }
  expect(await answer(door, given, host())).toEqual({
    changed: true,
    msg: 'opened front with undefined',
    steps: ['open front', 'lock front'],
    state: { name: 'front' },
    invocation: { module_args: { name: 'front' } },
  })
  expect(await answer(door, { ...given, _ansible_diff: true }, host())).toMatchObject({
    diff: { before: { name: '' }, after: { name: 'front' } },
  })
})

test('a secret is masked in every string of the result, and in what is told of a failure', async () => {
  const given = { name: 'a hunter2 door', key: 'hunter2' }
  for (const result of [await answer(door, given, host()), await answer(door, given, host('open'))]) {
    expect(JSON.stringify(result)).not.toContain('hunter2')
    expect(result).toMatchObject({ invocation: { module_args: { name: 'a ******** door', key: '********' } } })
  }
})

test('a secret among options that cannot be read is masked too', async () => {
  const result = await answer(door, { name: ['hunter2'], key: 'hunter2', kee: 1 }, host())
  expect(result).toMatchObject({ failed: true })
  expect(JSON.stringify(result)).not.toContain('hunter2')
})

test('masking takes the longest first and leaves the keys of the result alone', () => {
  expect(masking(['msg', 'msgs'])({ msg: 'msgs msg', state: { msg: 1 } })).toEqual({
    msg: '******** ********',
    state: { '********': 1 },
  })
})

test('a failure says what was done, and has no stack', async () => {
  expect(await answer(door, { name: 'x' }, host('lock'))).toEqual({
    failed: true,
    changed: true,
    steps: ['open x'],
    msg: "door: 'lock x' did not end within 5 s and was stopped. See what holds it up (a suspended pool, a hanging disk: 'zpool status -x'), then run this again. Before it, 1 step(s) were done; run this again to finish.",
    invocation: { module_args: { name: 'x' } },
  })
})

test('a bug of ours is reported with its stack', async () => {
  const result = (await answer(door, { name: 'bug' }, host())) as Record<string, string>
  expect(result.msg).toMatch(/^door has a bug: x is not a function\. Please report it/)
  expect(result.exception).toMatch(/TypeError: x is not a function\n\s+at /)
})

test('arguments are read from the text: __proto__ and exact numbers survive, NaN is taken as a literal', () => {
  const own = readArguments(() => ({ __proto__: { a: 1 }, b: 'c)' }))
  expect(Object.keys(own)).toEqual(['b'])
  const source = Object.assign(() => ({}), { toString: () => '()=>({"__proto__": {"a": 1}, "b": "c)"})' })
  expect(Object.keys(readArguments(source))).toEqual(['__proto__', 'b'])
  const infinite = Object.assign(() => ({ a: Number.NaN }), { toString: () => '()=>({"a": NaN})' })
  expect(readArguments(infinite)).toEqual({ a: Number.NaN })
})

test('output is one line of ASCII between line breaks, and the same value when read back', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const bytes = encodeResult({ value })
      expect(bytes.every(byte => byte === 0x0a || (byte >= 0x20 && byte <= 0x7e))).toBe(true)
      expect(bytes.toString().split('\n')).toHaveLength(3)
      expect(JSON.parse(bytes.toString())).toEqual(JSON.parse(JSON.stringify({ value })))
    }),
  )
})

test('lone surrogates become U+FFFD, in values and in keys', () => {
  expect(JSON.parse(encodeResult({ 'k\ud8f3': 'v\udfff' }).toString())).toEqual({ 'k\ufffd': 'v\ufffd' })
})

test('line separators that Python splits at are escaped', () => {
  expect(encodeResult({ a: '\u0085\u2028\u2029' }).toString()).toBe('\n{"a":"\\u0085\\u2028\\u2029"}\n')
})

test('keys that Ansible takes for its own types are renamed', () => {
  expect(encodeResult({ a: { __ansible_type: 1, __ansible_vault: 2 } }).toString()).toContain(
    '{"_' + '__ansible_type":1',
  )
})
