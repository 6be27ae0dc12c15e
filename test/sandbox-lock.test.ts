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

/**
 * Takes the lock as a module does, holds it so many milliseconds, and says what happened. With a command, that is done
 * meanwhile, as a step that keeps the lock.
 */
async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { localHost } from './modules/core/local-host.ts'
        const [holder, milliseconds, ...command] = process.argv.slice(2)
        const step = { kind: 'run', command, keepsLock: true, timeoutSeconds: 1 }
        const host = localHost({ lockWaitSeconds: 1 })
        host.lock(holder)
          .then(async giveBack => {
            if (command.length > 0) await host.perform(step).catch(error => console.log(error.message))
            await new Promise(resolve => setTimeout(resolve, Number(milliseconds)))
            await giveBack()
          })
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

const lock = (holder: string, milliseconds: number, command = '') =>
  host.run(`node - '${holder}' ${milliseconds} ${command}`, program)
const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

test('host-4 a second run is told who holds the lock', async () => {
  const first = lock('blueprint_switch (process 7)', 3000)
  await pause(700)
  expect((await lock('second', 0)).stdout).toBe(
    "this host is being changed by blueprint_switch (process 7) (lock /var/run/bluejail.lock), which did not end within 1 s. Wait for it and run this again; to see the process, or where that was killed the command that it had begun: 'fstat /var/run/bluejail.lock'.\n",
  )
  expect((await first).stdout).toBe('had it\n')
})

test('host-4 a second run that can wait long enough goes on', async () => {
  const first = lock('first', 600)
  await pause(300)
  expect((await lock('second', 0)).stdout).toBe('had it\n')
  await first
})

test('host-4 the lock of a process that was killed is free', async () => {
  expect((await host.run(`timeout -s KILL 1 node - first 60000; echo $?`, program)).stdout).toBe('137\n')
  expect((await lock('second', 0)).stdout).toBe('had it\n')
})

test('host-4 the lock of a process that was killed stays with what it had begun, and its words with that', async () => {
  const killed = host.run("timeout -s KILL 1 node - 'first (process 7)' 0 sleep 5; echo $?", program)
  await killed
  expect((await killed).stdout).toBe('137\n')
  expect((await lock('second', 0)).stdout).toMatch(
    /^this host is being changed by first \(process 7\) \(lock .*the command that it had begun: 'fstat/,
  )
  await pause(4000)
  expect((await lock('third', 0)).stdout).toBe('had it\n')
})

/** Leaves one behind with all that it has itself. */
const LASTING =
  "require('child_process').spawn('sleep', ['30'], { detached: true, stdio: [0, 1, 2, 3] }); setTimeout(() => {}, 30_000)"

test('a command with the lock that cannot be ended keeps it, and is named', async () => {
  // In a session of its own, no signal to the command's group reaches it, as none reaches a process in the kernel.
  const first = await lock('first', 0, `node -e "${LASTING}"`)
  expect(first.stdout).toMatch(/^'node -e .*' did not end within 1 s and was stopped\..*\nhad it\n$/)
  expect((await lock('second', 0)).stdout).toMatch(
    /^this host is being changed by 'node -e .*' \(process \d+\), begun by first, which could not end it \(lock /,
  )
})
