/** `npm run sandbox`, as people use it. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'sandbox-command-'))

const sandbox = (...words: string[]) => sandboxAs(['env'], ...words)

function sandboxAs([program = '', ...args]: string[], ...words: string[]) {
  const command = [process.execPath, '--import', './build/register.mjs', 'test/sandbox/index.ts']
  const environment = { ...process.env, SANDBOX_DIRECTORY: directory }
  const options = { encoding: 'utf8', env: environment } as const
  const { status, stdout, stderr } = spawnSync(program, [...args, ...command, ...words], options)
  return { status, stdout, stderr }
}

afterAll(() => {
  sandbox('stop', 'web1', '--remove')
  rmSync(directory, { recursive: true })
})

test('start, list, ssh, stop: a host keeps its disk until it is removed', () => {
  expect(sandbox('list')).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(sandbox('start', 'web1').stdout).toBe(
    `web1 runs. Log in: npm run sandbox -- ssh web1\nInventory: ${join(directory, 'hosts.yml')}\n`,
  )
  expect(sandbox('list').stdout).toMatch(/^web1 +runs, ssh on 127\.0\.0\.1:\d+\n$/)
  expect(sandbox('ssh', 'web1', '--', 'echo kept > /etc/motd; hostname')).toMatchObject({ status: 0, stdout: 'web1\n' })
  expect(sandbox('ssh', 'web1', '--admin', '--', 'id', '-un').stdout).toBe('admin\n')
  expect(sandbox('ssh', 'web1', '--', 'exit 7').status).toBe(7)

  expect(sandbox('stop', 'web1')).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(sandbox('list').stdout).toMatch(/^web1 +is off\n$/)
  expect(sandbox('ssh', 'web1')).toMatchObject({
    status: 1,
    stderr: "'web1' does not run. Start it: npm run sandbox -- start web1\n",
  })

  sandbox('start', 'web1')
  expect(sandbox('ssh', 'web1', '--', 'cat /etc/motd').stdout).toBe('kept\n')
  sandbox('start', 'web1', '--fresh')
  expect(sandbox('ssh', 'web1', '--', 'cat /etc/motd').status).toBe(1)
  expect(sandbox('stop', 'web1', '--remove').status).toBe(0)
  expect(existsSync(join(directory, 'web1'))).toBe(false)
})

test('what it cannot do it says, and removes nothing that is not its own', () => {
  expect(sandbox('stop', 'web9')).toMatchObject({
    status: 1,
    stderr: `there is no sandbox host 'web9' in ${directory}. Those there are: npm run sandbox -- list\n`,
  })
  expect(sandbox('begin', 'web1').stderr).toContain('usage: npm run sandbox -- start NAME')
  mkdirSync(join(directory, 'precious'))
  expect(sandbox('start', 'precious', '--fresh').stderr).toContain("is there and is not a sandbox host's disk")
  expect(existsSync(join(directory, 'precious'))).toBe(true)
})

test.runIf(process.getuid?.() === 0)(
  '(as root, to become somebody who may not) without root and user namespaces it refuses',
  () => {
    const { status, stderr } = sandboxAs(
      ['setpriv', '--reuid', '65533', '--regid', '65533', '--clear-groups'],
      'start',
      'web1',
    )
    expect(status).toBe(1)
    expect(stderr).toContain('a sandbox host needs root or user namespaces, and there are none for you: ')
    expect(stderr).toContain('Run this as root, or allow user namespaces')
  },
)
