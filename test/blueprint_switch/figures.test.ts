/** Between stop and healthy exactly what a shell script would run; and nothing grows with the number of instances. */
import { expect, test } from 'vitest'
import { describeCommand, describeStep, type Step } from '../../modules/core/step.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { NEXT, switched, switchHost, untouched } from '../support/switch-host.ts'

/** Commands that run, in order, whether they look or act. */
function recorded(host: FakeHost): { host: FakeHost; commands: string[] } {
  const commands: string[] = []
  return {
    commands,
    host: {
      ...host,
      async query(command, options) {
        commands.push(describeCommand(command))
        return host.query(command, options)
      },
      async perform(step: Step) {
        if (step.kind === 'run' || step.kind === 'pipe') commands.push(describeStep(step))
        await host.perform(step)
      },
    },
  }
}

test('the commands between stop and healthy', async () => {
  const { host, commands } = recorded(await switchHost())
  await switched(host, { id: 'web1', blueprint: NEXT, health: { commands: [['true']] } })
  const from = commands.findIndex(words => words.startsWith('jail -f') && words.includes('-r'))
  const to = commands.indexOf('jexec web1 true')
  const seed = '/hosting/instances/web1/seed'
  const dataset = 'zroot/hosting/instances/web1'
  expect(commands.slice(from, to + 1)).toEqual([
    'jail -f /etc/jail.conf.d/web1.conf -r web1',
    'jls -d --libxo json name path dying',
    'mount --libxo json',
    'ifconfig -a -f inet:cidr,inet6:cidr',
    `zfs snapshot -r -o bluejail:blueprint=2026Q4-php83 -o bluejail:revision=1 ${dataset}@switch-20261122T120000Z`,
    `zfs hold -r bluejail ${dataset}@switch-20261122T120000Z`,
    `mount -t zfs ${dataset}/etc ${seed}/etc`,
    `mount -t zfs ${dataset}/usr-local-etc ${seed}/usr-local-etc`,
    `mount -t zfs ${dataset}/var ${seed}/var`,
    `tar -cf - --no-recursion -C /hosting/blueprints/${NEXT}/.zfs/snapshot/complete/etc ./motd.template | tar -xpf - --numeric-owner --clear-nochange-fflags -C ${seed}/etc`,
    `tar -cf - --no-recursion -C /hosting/blueprints/${NEXT}/.zfs/snapshot/complete/usr/local/etc ./fpm/www.conf ./nginx.conf ./php.ini | tar -xpf - --numeric-owner --clear-nochange-fflags -C ${seed}/usr-local-etc`,
    `umount ${seed}/var`,
    `umount ${seed}/usr-local-etc`,
    `umount ${seed}/etc`,
    'jail -f /etc/jail.conf.d/web1.conf -c web1',
    'jls -d --libxo json name path dying',
    'jexec web1 true',
  ])
})

test('fifty instances that have nothing to do cost one process', async () => {
  const ids = Array.from({ length: 50 }, (_, number) => `web${number + 1}`)
  const host = await switchHost(ids, [])
  const instances = ids.map(id => ({ id, blueprint: '2026Q4-php83' }))
  // The first one installs the program.
  await switched(host, { instances })
  untouched(host)
  expect(await switched(host, { instances })).toMatchObject({ changed: false, msg: '50 instances: as wanted' })
  expect(host.counts).toEqual({ zfs: 1 })
})

test('several at once, and none waits for another', async () => {
  const ids = ['web1', 'web2', 'web3', 'web4']
  const real = await switchHost(ids)
  let [away, most] = [0, 0]
  const host = {
    ...real,
    async perform(step: Step) {
      const words = describeStep(step)
      if (/^jail -f .* -r /.test(words)) most = Math.max(most, ++away)
      await new Promise(resolve => setTimeout(resolve, 1))
      await real.perform(step)
      if (/^jail -f .* -c /.test(words)) away -= 1
    },
  }
  const { state, msg } = await switched(host, { instances: ids, blueprint: NEXT, parallel: 2 })
  expect(most).toBe(2)
  expect(Object.values(state.instances).map(({ outcome }) => outcome)).toEqual(Array(4).fill('switched'))
  expect(msg.split('\n')).toHaveLength(4)
})
