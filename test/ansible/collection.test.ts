/** The packed collection, as somebody gets it: installed into an empty directory and used from there. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { info } from '../../build/collection.ts'
import { moduleNames } from '../../build/modules.ts'
import { dist, root } from '../../build/paths.ts'
import { ansible, cores } from '../support/ansible.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'

const tarball = join(dist, `${info.namespace}-${info.name}-${info.version}.tar.gz`)
let hosts: Hosts
beforeAll(async () => {
  hosts = await startHosts(['fresh'])
})
afterAll(() => hosts.stop())

describe.each(cores)('ansible-core %s', core => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'installed-'))
  })
  afterAll(() => rmSync(directory, { recursive: true }))
  const installed = () => ({ core, directory, collections: directory })

  test('installs, and every file is as it was packed', async () => {
    const install = await ansible(
      'ansible-galaxy',
      ['collection', 'install', tarball, '-p', directory, '--offline'],
      installed(),
    )
    expect(install.stdout).toContain('was installed successfully')
    const verify = await ansible(
      'ansible-galaxy',
      ['collection', 'verify', '--offline', 'bluejail.hosting'],
      installed(),
    )
    expect(verify.stdout + verify.stderr).toContain('internally consistent')
  })

  test('its playbook runs from there', async () => {
    const vars = join(directory, 'group.json')
    writeFileSync(vars, JSON.stringify({ hosting: { hosts: { fresh: {} } } }))
    const ran = await ansible(
      'ansible-playbook',
      ['-i', vars, '-i', hosts.inventory, 'bluejail.hosting.site', '--check'],
      installed(),
    )
    expect(ran.rows.filter(({ status }) => status === 'failed' || status === 'unreachable')).toEqual([])
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  })

  test('ansible-doc lists every module with its summary', async () => {
    const { stdout } = await ansible('ansible-doc', ['-t', 'module', '-l', '-j', 'bluejail.hosting'], installed())
    expect(Object.keys(JSON.parse(stdout)).sort()).toEqual(moduleNames().map(name => `bluejail.hosting.${name}`))
    expect(stdout).not.toContain('UNDOCUMENTED')
  })

  test.each(moduleNames())('ansible-doc shows all of %s', async name => {
    const { stdout, exit } = await ansible(
      'ansible-doc',
      ['-t', 'module', '-j', `bluejail.hosting.${name}`],
      installed(),
    )
    expect(exit).toBe(0)
    const shown = JSON.parse(stdout)[`bluejail.hosting.${name}`]
    expect(shown.doc.attributes.check_mode.support).toBe('full')
    expect(shown.examples).toContain(`bluejail.hosting.${name}:`)
    expect(Object.keys(shown.return)).toEqual(expect.arrayContaining(['msg', 'state', 'steps']))
  })

  test.each(['host', 'blueprint', 'instance'])(
    'ansible-doc shows the role %s with every default it has',
    async name => {
      const { stdout } = await ansible('ansible-doc', ['-t', 'role', '-j', `bluejail.hosting.${name}`], installed())
      const { options } = JSON.parse(stdout)[`bluejail.hosting.${name}`].entry_points.main
      const defaults = parse(readFileSync(join(root, 'roles', name, 'defaults/main.yml'), 'utf8')) as object
      expect(Object.keys(options).sort()).toEqual(Object.keys(defaults).sort())
    },
  )
})
