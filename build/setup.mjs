/**
 * What `npm test`, `npm run demo` and the rest go through: it makes ready what that command needs, then runs it. Plain
 * JavaScript without packages, since on a fresh machine there are none yet. What is ready already is not made again.
 *
 *   node build/setup.mjs COMMAND [ARGUMENT…]     `ready COMMAND` makes ready and runs nothing
 */
import { spawn } from 'node:child_process'
import { needAnsible, needVenv } from './setup/ansible.mjs'
import { needCollection, noteCollection } from './setup/collection.mjs'
import { needHostPackages, needTestPackages } from './setup/debian.mjs'
import { needNodePackages, needNodeVersion } from './setup/npm.mjs'
import { Impossible, needOpenZfs } from './setup/openzfs.mjs'
import { root, Stopped } from './setup/say.mjs'

const typescript = ['node', '--import', './build/register.mjs']

const commands = {
  check: {
    needs: [needNodePackages],
    runs: [
      ['npx', 'tsc'],
      ['npx', 'biome', 'check', '.'],
      [...typescript, 'build/index.ts', '--only-dist'],
    ],
    after: noteCollection,
  },
  build: { needs: [needNodePackages], runs: [[...typescript, 'build/index.ts']], after: noteCollection },
  test: {
    needs: [
      needNodePackages,
      needCollection,
      needHostPackages,
      needTestPackages,
      needAnsible,
      () => needVenv('ansible-2.16'),
      () => needVenv('ansible-2.19'),
      () => needVenv('lint'),
    ],
    runs: [['npx', 'vitest', 'run']],
  },
  demo: {
    needs: [needNodePackages, needCollection, needHostPackages, needAnsible],
    runs: [[...typescript, 'test/demo/index.ts']],
  },
  sandbox: { needs: [needNodePackages, needHostPackages], runs: [[...typescript, 'test/sandbox/index.ts']] },
  bench: {
    needs: [
      needNodePackages,
      needCollection,
      needHostPackages,
      () => needVenv('ansible-2.16'),
      () => needVenv('ansible-2.19'),
      () => needVenv('bench'),
    ],
    runs: [[...typescript, 'test/bench/index.ts']],
  },
  'test:host': {
    needs: [needNodePackages, needCollection, needAnsible],
    runs: [[...typescript, 'test/acceptance/index.ts']],
  },
  'test:zfs': {
    needs: [needNodePackages, needCollection, needAnsible, needOpenZfs],
    runs: [[...typescript, 'test/zfs/index.ts']],
  },
}

/** Runs a command with this terminal as its own; gives its exit status. */
function hand([program, ...args], environment) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } })
    // A terminal tells the child itself of Ctrl-C; we stay to give its exit status on.
    process.on('SIGINT', () => {})
    process.on('SIGTERM', () => child.kill('SIGTERM'))
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(signal === null ? code : 1))
  })
}

async function main([first, ...rest]) {
  needNodeVersion()
  const onlyReady = first === 'ready'
  const name = onlyReady ? rest.shift() : first
  const command = commands[name]
  if (command === undefined) throw new Stopped(`usage: node build/setup.mjs ${Object.keys(commands).join('|')}`)

  const environment = { PYTHONDONTWRITEBYTECODE: '1' }
  for (const need of command.needs) Object.assign(environment, await need())
  if (onlyReady) return 0

  for (const [index, run] of command.runs.entries()) {
    const last = index === command.runs.length - 1
    const exit = await hand(last ? [...run, ...rest] : run, environment)
    if (exit !== 0) return exit
  }
  command.after?.()
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Stopped)) throw error
  process.stderr.write(`\n${error.message}\n`)
  // In continuous integration, what this machine can never do is left out, and said; to a person it is an error.
  const left = error instanceof Impossible && process.env.CI !== undefined
  if (left) process.stdout.write(`skipped: ${process.argv.slice(2).join(' ')} cannot be done on this machine\n`)
  process.exitCode = left ? 0 : 1
}
