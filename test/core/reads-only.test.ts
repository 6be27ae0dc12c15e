/** Modules that only read: no lock, no steps; and facts, which any module may return. */
import { expect, test } from 'vitest'
import { apply, check, converge } from '../../modules/core/converge.ts'
import type { Host } from '../../modules/core/host.ts'
import { defineModule } from '../../modules/core/module.ts'
import { flag, optional, secret, text } from '../../modules/core/options.ts'
import { answer } from '../../modules/core/program.ts'
import { run } from '../../modules/core/step.ts'

const thermometer = defineModule({
  name: 'thermometer',
  summary: 'How warm it is',
  description: ['For tests.'],
  options: { facts: optional(flag('As facts.')), breaks: optional(flag('Break it.')), key: optional(secret('A key.')) },
  state: { degrees: text('What it shows.') },
  examples: {},
  readsOnly: true,
  observe: async (_options, machine) => (await machine.query(['read'])).stdout,
  plan: ({ facts, breaks, key }, degrees) => ({
    before: { degrees },
    after: { degrees },
    steps: breaks ? [run('break')] : [],
    ...(facts ? { facts: { weather: { degrees, seen_with: key } } } : {}),
    msg: `it is ${degrees}`,
  }),
})

/** Somebody else holds the lock of this host, for good. */
const host: Host = {
  query: async () => ({ exit: 0, stdout: '21', stderr: '' }),
  read: async () => undefined,
  bytes: async () => undefined,
  digest: async () => undefined,
  contact: async () => ({}),
  status: async () => undefined,
  list: async () => undefined,
  async perform() {
    throw new TypeError('nothing is to be performed')
  },
  async lock() {
    throw new TypeError('nobody is to ask for the lock')
  },
}
const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }

test('a module that only reads does not ask for the lock, checked or applied', async () => {
  for (const conduct of [apply, check])
    expect(await converge(thermometer, {}, host, conduct, circumstances)).toEqual({
      changed: false,
      msg: 'it is 21',
      steps: [],
      warnings: [],
      state: { degrees: '21' },
      diff: { before: { degrees: '21' }, after: { degrees: '21' } },
    })
})

test('a step of a module that only reads is a bug, and is not performed', async () => {
  await expect(converge(thermometer, { breaks: true }, host, apply, circumstances)).rejects.toThrow(
    new TypeError('a module that only reads has steps'),
  )
})

test('facts are returned as Ansible looks for them, only when there are any, and without secrets', async () => {
  expect(await answer(thermometer, {}, host)).not.toHaveProperty('ansible_facts')
  const result = await answer(thermometer, { facts: true, key: 'hunter2' }, host)
  expect(result).toMatchObject({ ansible_facts: { weather: { degrees: '21', seen_with: '********' } } })
  expect(result).not.toHaveProperty('facts')
})
