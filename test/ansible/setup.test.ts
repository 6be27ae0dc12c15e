/** Set-up as a person meets it: what it says when something is missing, and that it makes nothing twice. */
import { execFile } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root } from '../../build/paths.ts'

interface Said {
  readonly exit: number
  readonly text: string
  readonly seconds: number
}

let scratch: string
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'set-up-'))
  for (const path of ['build', 'package.json', 'package-lock.json', '.npmrc'])
    cpSync(join(root, path), join(scratch, path), { recursive: true })
})
afterEach(() => rmSync(scratch, { recursive: true }))

function setUp(directory: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<Said> {
  const began = Date.now()
  return new Promise(resolve => {
    execFile(process.execPath, ['build/setup.mjs', ...args], { cwd: directory, env }, (error, stdout, stderr) =>
      resolve({
        exit: error === null ? 0 : Number(error.code),
        text: stdout + stderr,
        seconds: (Date.now() - began) / 1000,
      }),
    )
  })
}

test('what is ready is not made again: nothing is said, and it takes no more than seconds', async () => {
  // Also where an environment's own python3 comes first, as it does in what set-up starts.
  const PATH = `${join(root, '.venv/ansible-2.16/bin')}:${process.env.PATH}`
  await setUp(root, ['ready', 'test'])
  const { exit, text, seconds } = await setUp(root, ['ready', 'test'], { ...process.env, PATH })
  expect({ exit, text }).toEqual({ exit: 0, text: '' })
  expect(seconds).toBeLessThan(10)
})

test('a command that does not exist is answered with those that do', async () => {
  const { exit, text } = await setUp(root, ['tset'])
  expect(text).toMatch(/usage: .*check.*test.*demo/)
  expect(exit).toBe(1)
})

test('without packages and without a registry it says which step failed, and the way out', async () => {
  const env = { ...process.env, npm_config_offline: 'true', npm_config_cache: join(scratch, 'cache') }
  const { exit, text } = await setUp(scratch, ['ready', 'check'], env)
  expect(text).toMatch(
    /^set-up: npm ci, since node_modules is missing or package-lock.json changed \(about 15 s\) … failed/,
  )
  expect(text).toContain('It needs the npm registry')
  expect(text).not.toMatch(/^ {4}at /m)
  expect(exit).toBe(1)
})

test('without python3 it says so', async () => {
  const { exit, text } = await setUp(root, ['ready', 'demo'], {
    PATH: scratch,
  })
  expect(text).toMatch(/^python3 is needed/m)
  expect(exit).toBe(1)
})

test('missing system packages are named; apt-get installs them only as root on Debian', async () => {
  symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'))
  writeFileSync(join(scratch, 'build/setup/debian-packages.json'), '{"/nowhere/sshd": "openssh-server"}')
  const bin = join(scratch, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'apt-get'), `#!/bin/sh\necho "$*" >> ${bin}/asked\n`)
  chmodSync(join(bin, 'apt-get'), 0o755)

  const { exit, text } = await setUp(scratch, ['ready', 'sandbox'], {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
  })
  const install = 'install -y --no-install-recommends openssh-server'
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    expect(text).toMatch(/^set-up: installing openssh-server with apt-get, which sandbox hosts need .* done/)
    expect(readFileSync(join(bin, 'asked'), 'utf8')).toBe(`update -qq\n${install}\n`)
    expect(exit).toBe(0)
  } else {
    expect(text).toContain(`sudo apt-get ${install}`)
    expect(existsSync(join(bin, 'asked'))).toBe(false)
    expect(exit).toBe(1)
  }
})
