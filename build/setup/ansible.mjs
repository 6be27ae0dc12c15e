/** An ansible-core: one on PATH where it is recent enough, else one of our own under .venv. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { capture, root, Stopped, step } from './say.mjs'

const OLDEST = [2, 16]

/** What each environment holds, pinned: build/setup/venvs.json. */
const VENVS = JSON.parse(readFileSync(new URL('venvs.json', import.meta.url), 'utf8'))

/** Puts an `ansible-playbook` first on PATH. */
export async function needAnsible() {
  const environment = await utf8Locale()
  const { exit, stdout } = await capture(['ansible-playbook', '--version'], environment)
  const [, major, minor] = /core (\d+)\.(\d+)/.exec(stdout) ?? []
  const suits = exit === 0 && (Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]))
  if (suits) return environment
  await needVenv('ansible-2.19')
  return { ...environment, PATH: `${join(root, '.venv', 'ansible-2.19', 'bin')}${delimiter}${process.env.PATH}` }
}

export async function needVenv(name) {
  const { for: purpose, requires, seconds } = VENVS[name]
  const directory = join(root, '.venv', name)
  const python = await pythonPath()
  const stamp = join(directory, '.made-of')
  // A Python environment knows its own path and its Python's: moved, or after an upgrade, it is dead.
  const wanted = createHash('sha256')
    .update(JSON.stringify([directory, python, requires]))
    .digest('hex')
  if (existsSync(join(directory, 'bin', 'python')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted)
    return

  await step(
    `a Python environment in .venv/${name}, ${purpose} (about ${seconds} s)`,
    [
      'sh',
      '-c',
      '"$0" -m venv --clear "$1" && shift && shift && "$@"',
      python,
      directory,
      '-',
      join(directory, 'bin', 'pip'),
      'install',
      '--quiet',
      '--disable-pip-version-check',
      ...requires,
    ],
    'It needs python3 with venv (on Debian the package python3-venv), and PyPI or a mirror that pip is set up for. Run this again once they are there.',
  )
  writeFileSync(stamp, wanted)
}

/** The Python itself, also where an environment of it comes first on PATH. */
async function pythonPath() {
  const { exit, stdout } = await capture([
    'python3',
    '-c',
    'import os, sys; print(sys.version_info >= (3, 11), os.path.realpath(sys._base_executable))',
  ])
  if (exit !== 0)
    throw new Stopped(
      'python3 is needed, since Ansible is written in it. Install Python 3.11 or later and run this again.',
    )
  const [recent, path] = stdout.trim().split(' ')
  if (recent !== 'True')
    throw new Stopped(`Python 3.11 or later is needed; ${path} is older. Put a later python3 first on PATH.`)
  return path
}

/** Ansible refuses to start in a locale that is not UTF-8. */
async function utf8Locale() {
  const { stdout } = await capture(['locale', 'charmap'])
  return stdout.trim() === 'UTF-8' ? {} : { LC_ALL: 'C.UTF-8' }
}
