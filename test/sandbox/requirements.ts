/** What a sandbox host needs of this machine, and where it has it. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'

/** Programs to look for, and the Debian package that brings each. */
const NEEDED: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../../build/setup/debian-packages.json', import.meta.url), 'utf8'),
)

/** Debian packages that have to be installed before a sandbox host can start; the set-up does it. */
export function missingPackages(): string[] {
  const missing = Object.entries(NEEDED).filter(([program]) => !existsSync(program))
  return [...new Set(missing.map(([, name]) => name))].sort()
}

/** In these a process is root of a small world of its own. The ids of other users come from /etc/subuid. */
const USER_NAMESPACE = ['--user', '--map-root-user', '--map-auto']

export const isRoot = () => process.getuid?.() === 0

/** unshare(1) with what this user needs to be root in there, and `flags`. */
export const unshare = (...flags: string[]): [string, ...string[]] => [
  'unshare',
  ...(isRoot() ? [] : USER_NAMESPACE),
  ...flags,
]

/** Throws, saying what to do, where no sandbox host can be started. */
export function assertPossible(): void {
  if (process.platform !== 'linux') {
    throw new Error(
      `a sandbox host needs Linux's namespaces, and this is ${process.platform}. Use a Linux machine or container.`,
    )
  }
  const missing = missingPackages()
  if (missing.length > 0) {
    throw new Error(
      `a sandbox host needs packages that are missing here. Install them: apt-get install ${missing.join(' ')}`,
    )
  }
  const [program, ...args] = unshare('--mount', '--pid', '--net', '--fork', 'true')
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status === 0) return
  const cause = (error?.message ?? stderr).trim()
  throw new Error(
    isRoot()
      ? `a sandbox host needs to make mount, PID and network namespaces, which this root may not: ${cause}. In a container, start it with the capability SYS_ADMIN (docker run --privileged).`
      : `a sandbox host needs root or user namespaces, and there are none for you: ${cause}. Run this as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1), install the package uidmap and give yourself a range of ids in /etc/subuid and /etc/subgid.`,
  )
}

export interface Program {
  /** The directory it is installed in, with what it needs beside itself. */
  readonly prefix: string
  readonly path: string
}

export function node(): Program {
  const path = realpathSync(process.execPath)
  return { path, prefix: dirname(dirname(path)) }
}

/** The real one: what PATH has first may be a script that chooses among several. */
export function python(): Program {
  const candidate = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
  const question = 'import os, sys; print(sys.base_prefix); print(os.path.realpath(sys.executable))'
  const { stdout, status } = spawnSync(candidate, ['-I', '-c', question], { encoding: 'utf8' })
  const [prefix, path] = (stdout ?? '').split('\n')
  if (status !== 0 || !prefix || !path) throw new Error('a sandbox host needs python3 on PATH: install Python 3.')
  return { prefix, path }
}
