/**
 * `ansible-test sanity`, all of its tests that this machine's Python can run, without a container. It makes environments
 * of its own below HOME, so it gets a HOME in .venv, with pip's settings of the real one.
 */
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collections, root } from '../../build/paths.ts'
import { ansible, type Core, cores } from '../support/ansible.ts'

const home = join(root, '.venv', 'sanity-home')

test.each(cores)('ansible-test sanity of ansible-core %s finds no fault', async core => {
  furnishHome(core)
  // It writes beside what it tests.
  const scratch = mkdtempSync(join(tmpdir(), 'sanity-'))
  try {
    cpSync(join(collections, 'ansible_collections'), join(scratch, 'ansible_collections'), { recursive: true })
    const directory = join(scratch, 'ansible_collections/bluejail/hosting')
    const { exit, stdout, stderr } = await ansible('ansible-test', ['sanity', '--color', 'no', '--python', 'default'], {
      core,
      directory,
      environment: { HOME: home, PATH: plainPath(core) },
    })
    const ran = [
      ...stdout.matchAll(/^Running sanity test "([^"]+)"/gm),
      ...stderr.matchAll(/^Running sanity test "([^"]+)"/gm),
    ]
    const names = [...new Set(ran.map(match => match[1]))]
    expect(`${stdout}\n${stderr}`.match(/^(ERROR|FATAL).*/gm) ?? []).toEqual([])
    expect(exit).toBe(0)
    expect(names).toEqual(expect.arrayContaining(['ansible-doc', 'ignores', 'shebang', 'validate-modules', 'yamllint']))
    console.log(`ansible-test sanity of ansible-core ${core}: ${names.length} tests ran: ${names.join(', ')}`)
  } finally {
    rmSync(scratch, { recursive: true })
  }
})

/** The pip that each ansible-test would download, by the name it looks for in its cache. */
const PIP = { '2.16': 'get_pip_23_1_2.py', '2.19': 'get_pip_24_2.py' } as const

/** It tries every python3.N that it finds; of those that a version manager puts in PATH some run nothing. */
const plainPath = (core: Core) => `${join(root, '.venv', `ansible-${core}`, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`

function furnishHome(core: Core): void {
  const cache = join(home, '.ansible/test/cache')
  mkdirSync(cache, { recursive: true })
  copyFileSync(join(root, 'build/setup/get-pip.py'), join(cache, PIP[core]))

  const settings = join(homedir(), '.config/pip')
  mkdirSync(join(home, '.config'), { recursive: true })
  if (existsSync(settings) && !existsSync(join(home, '.config/pip'))) symlinkSync(settings, join(home, '.config/pip'))
}
