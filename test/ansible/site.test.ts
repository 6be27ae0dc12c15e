/** The main job: playbooks/site.yml on the hosts of the example inventory. Foretold, run, and run again. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ansible, cores, type Ran } from '../support/ansible.ts'
import { exampleHosts } from '../support/example-inventory.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'

const essence = ({ rows }: Ran) =>
  rows
    .map(({ task, host, status, result: { changed, steps } }) => ({ task, host, status, changed, steps }))
    .sort(byHost)
const byHost = (a: { task: string; host: string }, b: { task: string; host: string }) =>
  a.task + a.host < b.task + b.host ? -1 : 1
const changedRows = (ran: Ran) => ran.rows.filter(({ result }) => result.changed === true)

describe.each(cores)('ansible-core %s', core => {
  let hosts: Hosts
  beforeAll(async () => {
    hosts = await startHosts(exampleHosts())
  })
  afterAll(() => hosts.stop())
  const site = (...more: string[]) =>
    ansible('ansible-playbook', ['-i', 'playbooks/inventory', '-i', hosts.inventory, 'playbooks/site.yml', ...more], {
      core,
    })

  const named = (name: string) => {
    const host = hosts.sandboxes.find(sandbox => sandbox.name === name)
    if (host === undefined) throw new Error(`the example inventory has no host ${name}`)
    return host
  }

  let foretold: Ran

  test('check mode foretells the first run, and touches nothing', async () => {
    foretold = await site('--check', '--diff')
    expect(foretold.exit, foretold.stdout + foretold.stderr).toBe(0)
    expect(changedRows(foretold)).toHaveLength(exampleHosts().length)
    for (const host of hosts.sandboxes)
      expect((await host.run('zfs list -H -o name zroot/hosting')).stderr).toContain('does not exist')
  })

  test('the first run does what was foretold, task by task and step by step', async () => {
    const done = await site('--diff')
    expect(done.exit, done.stdout + done.stderr).toBe(0)
    expect(essence(done)).toEqual(essence(foretold))
  })

  test('the second run has nothing to do, and check mode knows it', async () => {
    for (const ran of [await site('--check'), await site()]) {
      expect(ran.exit).toBe(0)
      expect(changedRows(ran)).toEqual([])
      expect(ran.stdout).toMatch(/changed=0/)
    }
  })

  test('the host is laid out, and closed where customers are root', async () => {
    for (const host of hosts.sandboxes) {
      const modes = await host.run("stat -c '%a %U' /hosting/instances /hosting/shared /hosting/blueprints")
      expect(modes.stdout).toBe('700 root\n700 root\n755 root\n')
    }
    const listed = await named('hamburg1').run('zfs list -H -r -o name,mountpoint,quota zroot/hosting')
    expect(listed.stdout).toContain('zroot/hosting/instances/larsen-shop\t/hosting/instances/larsen-shop\t40G\n')
  })

  test('a host that was changed by hand is put right, and that alone', async () => {
    await named('hamburg1').run('zfs set atime=on zroot/hosting && chmod 755 /hosting/shared')
    const ran = await site()
    expect(changedRows(ran).map(({ host, result }) => [host, result.steps])).toEqual([
      ['hamburg1', ['zfs set atime=off zroot/hosting', 'chmod 0700 /hosting/shared']],
    ])
  })

  test('the role alone, with a root of its own', async () => {
    const play = join(hosts.directory, 'alone.yml')
    writeFileSync(
      play,
      JSON.stringify([
        {
          hosts: 'hamburg2',
          become: true,
          gather_facts: false,
          roles: [{ role: 'bluejail.hosting.host', host_root: 'zroot/elsewhere', host_mountpoint: '/elsewhere' }],
        },
      ]),
    )
    const ran = await ansible('ansible-playbook', ['-i', hosts.inventory, play], { core })
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    const listed = await named('hamburg2').run('zfs list -H -r -o mountpoint zroot/elsewhere')
    expect(listed.stdout).toBe('/elsewhere\n/elsewhere/blueprints\n/elsewhere/instances\n/elsewhere/shared\n')
  })

  test('a role variable of the wrong type is refused before any host is asked', async () => {
    const play = join(hosts.directory, 'wrong.yml')
    writeFileSync(
      play,
      JSON.stringify([
        {
          hosts: 'hamburg2',
          become: true,
          gather_facts: false,
          roles: [{ role: 'bluejail.hosting.host', host_datasets: 5 }],
        },
      ]),
    )
    const ran = await ansible('ansible-playbook', ['-i', hosts.inventory, play], { core })
    expect(ran.rows.at(-1)).toMatchObject({ status: 'failed', result: { msg: expect.stringContaining('argument') } })
  })
})
