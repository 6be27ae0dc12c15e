/** A module over ssh in every way that Ansible has of sending it: releases, pipelining, logins, ad-hoc, outside its collection. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collection } from '../../build/paths.ts'
import { ansible, cores, type Ran } from '../support/ansible.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'

let hosts: Hosts
let asRoot: string

beforeAll(async () => {
  hosts = await startHosts(['ways'])
  asRoot = join(hosts.directory, 'as-root.json')
  writeFileSync(asRoot, JSON.stringify({ all: { hosts: { ways: hosts.host.inventoryVars('root') } } }))
})
afterAll(() => hosts.stop())

const become = ['--become']
const exists = async (name: string) => (await hosts.host.run(`zfs list -H -o name ${name}`)).exit === 0
const onlyResult = ({ rows, stdout, stderr }: Ran) => {
  expect(rows, stdout + stderr).toHaveLength(1)
  return rows[0]?.result ?? {}
}

let made = 0
const nextName = () => `zroot/made${++made}`

describe.each(cores)('ansible-core %s', core => {
  describe.each([true, false])('pipelining %s', pipelining => {
    test.each([
      ['root', [] as string[]],
      ['a login that becomes root by sudo', become],
    ])('%s', async (login, flags) => {
      const name = nextName()
      const inventory = login === 'root' ? asRoot : hosts.inventory
      const adHoc = (...more: string[]) =>
        ansible(
          'ansible',
          [
            'all',
            '-i',
            inventory,
            '-e',
            `ansible_pipelining=${pipelining}`,
            '-m',
            'bluejail.hosting.zfs_dataset',
            ...flags,
            ...more,
          ],
          { core },
        )

      const foretold = onlyResult(await adHoc('-a', `name=${name}`, '--check'))
      expect(foretold).toMatchObject({ changed: true, steps: [expect.stringContaining(name)] })
      expect(await exists(name)).toBe(false)

      const done = onlyResult(await adHoc('-a', `name=${name}`))
      expect(done).toMatchObject({ changed: true, steps: foretold.steps })
      expect(await exists(name)).toBe(true)

      expect(onlyResult(await adHoc('-a', `name=${name}`))).toMatchObject({ changed: false, steps: [] })
    })
  })

  test('without becoming root it fails in words, and as JSON', async () => {
    const ran = await ansible(
      'ansible',
      ['all', '-i', hosts.inventory, '-m', 'bluejail.hosting.zfs_dataset', '-a', 'name=zroot/no'],
      { core },
    )
    expect(ran.exit).toBe(2)
    expect(onlyResult(ran)).toMatchObject({
      changed: false,
      msg: expect.stringMatching(/zfs_dataset: .*(permission|lock)/i),
    })
  })

  test('ad-hoc k=v text means what YAML types mean', async () => {
    const name = nextName()
    const run = (given: string) =>
      ansible('ansible', ['all', '-i', hosts.inventory, ...become, '-m', 'bluejail.hosting.zfs_dataset', '-a', given], {
        core,
      })
    expect(onlyResult(await run(`name=${name}/deep parents=yes properties=atime=off,quota=10M`))).toMatchObject({
      changed: true,
    })
    const typed = JSON.stringify({ name: `${name}/deep`, parents: true, properties: { atime: false, quota: 10485760 } })
    expect(onlyResult(await run(typed))).toMatchObject({ changed: false })
  })

  test('an unknown option is refused by name, with the one that was probably meant', async () => {
    const given = 'name=zroot/x propertys=a=b'
    const ran = await ansible(
      'ansible',
      ['all', '-i', hosts.inventory, ...become, '-m', 'bluejail.hosting.zfs_dataset', '-a', given],
      { core },
    )
    expect(onlyResult(ran).msg).toMatch(/there is no option 'propertys'; did you mean 'properties'/)
  })

  test('the same file works from library/ beside a playbook, without the collection', async () => {
    const name = nextName()
    const directory = join(hosts.directory, `library-${core}`)
    mkdirSync(join(directory, 'library'), { recursive: true })
    copyFileSync(join(collection, 'plugins/modules/zfs_dataset.cjs'), join(directory, 'library/zfs_dataset.cjs'))
    const play = playbook(`library-${core}/play`, { tasks: [{ zfs_dataset: { name } }] })
    const ran = await ansible('ansible-playbook', ['-i', hosts.inventory, play], {
      core,
      directory,
      collections: directory,
    })
    expect(onlyResult(ran)).toMatchObject({ changed: true })
    expect(await exists(name)).toBe(true)
  })

  test('module_defaults of the group reach every module', async () => {
    const name = nextName()
    const play = playbook(`defaults-${core}`, {
      module_defaults: { 'group/bluejail.hosting.hosting': { properties: { compression: 'zstd' } } },
      tasks: [{ 'bluejail.hosting.zfs_dataset': { name } }],
    })
    const ran = await ansible('ansible-playbook', ['-i', hosts.inventory, play], { core })
    expect(onlyResult(ran)).toMatchObject({ changed: true })
    expect((await hosts.host.run(`zfs get -H -o value compression ${name}`)).stdout).toBe('zstd\n')
  })

  test('a key is in no output, however much is asked for', async () => {
    const name = nextName()
    const key = 'correct horse battery staple'
    const options = { name, key, properties: { encryption: 'aes-256-gcm', keyformat: 'passphrase' } }
    const play = playbook(`key-${core}`, { tasks: [{ 'bluejail.hosting.zfs_dataset': options }] })
    const ran = await ansible('ansible-playbook', ['-i', hosts.inventory, play, '--diff', '-vvv'], { core })
    expect(onlyResult(ran)).toMatchObject({ changed: true })
    expect(ran.stdout + ran.stderr).not.toContain(key)
    expect(ran.stdout).toContain('********')
  })
})

/** Writes a play for all hosts and gives its path. */
function playbook(name: string, play: object): string {
  const file = join(hosts.directory, `${name}.yml`)
  writeFileSync(file, JSON.stringify([{ hosts: 'all', become: true, gather_facts: false, ...play }]))
  return file
}
