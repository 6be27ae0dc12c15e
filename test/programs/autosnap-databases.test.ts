/** Hooks of the program on a host in memory: in instances that run such a server, around one snapshot of all their datasets. */
import { expect, test } from 'vitest'
import { CommandFailed } from '../../modules/core/errors.ts'
import type { Hold } from '../../modules/core/session.ts'
import { reported, snapshotsOn, withPolicies } from '../support/snapshot-host.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const instance = (id: string, part: string) => `zroot/hosting/instances/${id}/${part}`

function hostWithServers() {
  const policy = { name: 'p', hourly: 2, hooks: [{ kind: 'mariadb', on_failure: 'skip' }] }
  const parts = ['db1', 'db2', 'web1', 'off1'].flatMap(id => [instance(id, 'var'), instance(id, 'var-db')])
  return withPolicies(
    { policies: [policy], datasets: [{ name: 'zroot/hosting/instances/*/*', policy: 'p' }] },
    {
      datasets: Object.fromEntries(parts.map(name => [name, {}])),
      commands: [
        ...['db1', 'db2', 'web1'].map(id => ['jail', '-c', `name=${id}`, 'path=/', 'persist']),
        ...['db1', 'db2'].map(id => ['jexec', id, '/bin/sh', '-c', '/usr/local/libexec/mariadbd &']),
        ['jexec', 'web1', '/bin/sh', '-c', '/usr/local/sbin/nginx &'],
      ],
    },
  )
}

test('tables are locked where MariaDB runs, and only as long as its own snapshots take', async () => {
  const host = hostWithServers()
  const story: string[] = []
  const hold: Hold = async command => {
    story.push(`lock ${command[1]}`)
    return {
      holds: true,
      async end() {
        story.push(`unlock ${command[1]}, ${snapshotsOn(host).filter(name => name.includes(`/${command[1]}/`)).length}`)
        return { exit: 0, stdout: '', stderr: '' }
      },
    }
  }
  const { taken, troubles } = await reported(host, NOW, { hold })
  expect([taken.length, troubles]).toEqual([8, []])
  expect(story.toSorted()).toEqual(['lock db1', 'lock db2', 'unlock db1, 2', 'unlock db2, 2'])
  for (const id of ['db1', 'off1'])
    expect(
      host.outside('zfs', 'get', '-Hp', '-o', 'value', 'createtxg', ...taken.filter(name => name.includes(`/${id}/`)))
        .stdout,
    ).toMatch(/^(\d+)\n\1\n$/)
})

test('where they cannot be locked, the policy decides, and the others are not held up', async () => {
  const refused: Hold = async command =>
    Promise.reject(CommandFailed.exited(command, { exit: 1, stdout: '', stderr: 'Access denied' }))
  const { taken, troubles } = await reported(hostWithServers(), NOW, { hold: refused })
  expect(taken.map(name => name.split('/')[3])).toEqual(['off1', 'off1', 'web1', 'web1'])
  expect(troubles.filter(each => each.includes('Access denied'))).toHaveLength(2)
  expect(troubles).toContain('db1 got no snapshots, since a hook failed.')
})

test('groups with a command on the host take turns, so that none is let go while another is taken', async () => {
  const hook = { kind: 'command', before: ['/usr/local/sbin/app', 'freeze'], after: ['/usr/local/sbin/app', 'thaw'] }
  const host = withPolicies(
    { policies: [{ name: 'p', hourly: 2, hooks: [hook] }], datasets: [{ name: 'zroot/app', policy: 'p' }] },
    { datasets: { 'zroot/app/data': {}, 'zroot/app/log': {} } },
  )
  const story: string[] = []
  const perform: typeof host.perform = async step => {
    if (step.kind !== 'run') return host.perform(step)
    story.push(step.command[1] ?? '')
    await new Promise(resolve => setTimeout(resolve, 1))
    return step.command[0] === 'zfs' ? host.perform(step) : undefined
  }
  const { taken } = await reported({ ...host, perform }, NOW)
  expect(taken).toHaveLength(3)
  expect(story).toEqual(taken.flatMap(() => ['freeze', 'snapshot', 'thaw']))
})
