import { expect, test } from 'vitest'
import { localHost } from '../../modules/core/local-host.ts'
import type { RunStep } from '../../modules/core/step.ts'

const host = localHost({ commandTimeoutSeconds: 5 })
const says = (script: string, more: Partial<RunStep> = {}): RunStep => ({
  kind: 'run',
  command: ['sh', '-c', script],
  objections: [
    { said: /bad signature/, means: 'Nobody we trust has signed it.' },
    { said: /^slow:/, means: 'It was slow.', unlessSuccessful: true },
  ],
  ...more,
})

test('what a step objects to is a failure whatever the exit status, in words of its own [pkg-1]', async () => {
  await expect(host.perform(says('echo "x: bad signature" >&2; echo fine'))).rejects.toThrow(
    /^Nobody we trust has signed it\. \('sh .*' said: x: bad signature\)$/,
  )
  await expect(host.perform(says('echo bad signature; exit 3'))).rejects.toThrow(/^Nobody we trust/)
})

test('what is no failure by itself only explains one', async () => {
  await host.perform(says('echo slow: 3 s'))
  await expect(host.perform(says('echo slow: 3 s; exit 1'))).rejects.toThrow(/^It was slow\./)
})

test('any other failure is told as it is', async () => {
  await host.perform(says('echo fine'))
  await expect(host.perform(says('echo no >&2; exit 1'))).rejects.toThrow(/exit status 1: no/)
})

test('what a step owes a proof for has failed where nothing says so, whatever its exit status', async () => {
  const proof = { says: /^done$/, without: 'It was not done.' }
  await host.perform(says('echo undone; echo done', { proof }))
  await expect(host.perform(says('echo undone', { proof }))).rejects.toThrow(
    /^It was not done\. \('sh .*' said: undone\)$/,
  )
  await expect(host.perform(says('true', { proof }))).rejects.toThrow(/said: nothing\)$/)
  await expect(host.perform(says('echo busy >&2; exit 1', { proof }))).rejects.toThrow(/exit status 1: busy$/)
})
