/** How set-up talks: one line a step, with its reason and how long it may take. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** Something a person must do first. Told by its message alone. */
export class Stopped extends Error {}

/** Runs one step of set-up. Its output is shown only when it fails, then with `advice`. */
export async function step(saying, command, advice, environment = {}) {
  process.stdout.write(`set-up: ${saying} … `)
  const began = Date.now()
  const { exit, output } = await capture(command, environment)
  if (exit === 0) return void process.stdout.write(`done, ${((Date.now() - began) / 1000).toFixed(0)} s\n`)
  process.stdout.write('failed\n')
  throw new Stopped(`${beginning(output)}\n\n'${command.join(' ')}' failed. ${advice}`)
}

/** The cause comes first; npm goes on with its manual. */
const beginning = text => text.trim().split('\n').slice(0, 15).join('\n')

/** Runs a command quietly. A program that is not there counts as exit status 127, as in a shell. */
export function capture([program, ...args], environment = {}) {
  return new Promise(resolve => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let stdout = ''
    child.stdout.on('data', chunk => {
      output += chunk
      stdout += chunk
    })
    child.stderr.on('data', chunk => {
      output += chunk
    })
    child.on('error', error => resolve({ exit: 127, output: error.message, stdout: '' }))
    child.on('close', code => resolve({ exit: code ?? 1, output, stdout }))
  })
}
