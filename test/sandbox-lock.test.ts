/** The host's lock between real processes on a sandbox host, whose node knows FreeBSD's O_EXLOCK. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../build/paths.ts'
import { type Sandbox, startSandbox } from './sandbox/sandbox.ts'

let host: Sandbox
let program: string
beforeAll(async () => {
  host = await startSandbox({ name: 'locked', directory: mkdtempSync(join(tmpdir(), 'lock-')) })
  program = await bundled()
})
afterAll(() => host?.stop())

/** Takes the lock as a module does, holds it so many milliseconds, and says what happened. */
async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { localHost } from './modules/core/local-host.ts'
        const [holder, milliseconds] = process.argv.slice(2)
        localHost({ lockWaitSeconds: 1 }).lock(holder)
          .then(giveBack => new Promise(resolve => setTimeout(resolve, Number(milliseconds))).then(giveBack))
          .then(() => console.log('had it'), error => console.log(error.message))`,
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
  })
  return outputFiles[0]?.text ?? ''
}

const lock = (holder: string, milliseconds: number) => host.run(`node - '${holder}' ${milliseconds}`, program)

test('host-4 a second run is told who holds the lock', async () => {
  const first = lock('blueprint_switch (process 7)', 3000)
  await new Promise(resolve => setTimeout(resolve, 700))
  expect((await lock('second', 0)).stdout).toBe(
    "this host is being changed by blueprint_switch (process 7) (lock /var/run/bluejail.lock), which did not end within 1 s. Wait for it and run this again; to see the process: 'fstat /var/run/bluejail.lock'.\n",
  )
  expect((await first).stdout).toBe('had it\n')
})

test('host-4 a second run that can wait long enough goes on', async () => {
  const first = lock('first', 600)
  await new Promise(resolve => setTimeout(resolve, 300))
  expect((await lock('second', 0)).stdout).toBe('had it\n')
  await first
})

test('host-4 the lock of a process that was killed is free', async () => {
  expect((await host.run(`timeout -s KILL 1 node - first 60000; echo $?`, program)).stdout).toBe('137\n')
  expect((await lock('second', 0)).stdout).toBe('had it\n')
})
