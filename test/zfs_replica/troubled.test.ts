/** Runs that are interrupted, and copies that somebody else has changed. */
import { describe, expect, test } from 'vitest'
import { all, COPY, copied, get, PUSH, SOURCE, snap, states, twoHosts } from './two-hosts.ts'

describe('an interruption', () => {
  test('of every stream is gone on from, in the same run', async () => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    snap(hosts, 'b')
    hosts.cuts.push(0.5, 0.6)
    const { exit, replicas } = await hosts.run('run', '--json')
    expect(exit).toBe(0)
    expect(copied(hosts)).toEqual(all('a', 'b'))
    expect(replicas[0]?.datasets[0]?.steps.join()).toMatch(/what was left of it/)
  })

  test('that does not end is told, and the next run goes on', async () => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    hosts.cuts.push(0.5, 0.5, 0.5)
    const { exit, replicas } = await hosts.run('run', '--json')
    expect([exit, states(replicas[0])]).toEqual([1, [' failed', '/web1 behind', '/web1/etc behind']])
    expect(replicas[0]?.datasets[0]?.why).toMatch(/incomplete stream/)
    expect((await hosts.run('run')).exit).toBe(0)
    expect(copied(hosts)).toEqual(all('a'))
  })

  test('by a snapshot that is gone since is given up', async () => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    hosts.cuts.push(0.5, 0.5, 0.5)
    await hosts.run('run')
    hosts.here.outside('zfs', 'destroy', '-r', `${SOURCE}@a`)
    snap(hosts, 'b')
    expect((await hosts.run('run')).exit).toBe(0)
    expect(copied(hosts)).toEqual(all('b'))
  })
})

describe('a line that breaks while both sides are read', () => {
  const broken = async (times: number, receives: number) => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    hosts.there.machine.fault({
      program: 'zfs',
      // Not before so much has been received.
      when: ([verb]) => verb === 'list' && hosts.sent.filter(line => line.startsWith('zfs receive')).length >= receives,
      kind: 'exit',
      exit: 255,
      stderr: 'ssh: connect to host there port 22: Connection timed out\n',
      times,
    })
    return { hosts, ...(await hosts.run('run', '--json')) }
  }

  test('for a moment changes nothing of what is done and told', async () => {
    const { hosts, exit, replicas } = await broken(2, 3)
    expect([exit, states(replicas[0])]).toEqual([0, [' sent', '/web1 sent', '/web1/etc sent']])
    expect(copied(hosts)).toEqual(all('a'))
  })

  test('for longer is told, and the next run writes down what this one did', async () => {
    const { hosts, exit, replicas } = await broken(6, 3)
    expect([exit, replicas[0]?.failed]).toEqual([2, expect.stringMatching(/^replica@there cannot be reached/)])
    expect(await hosts.run('run')).toMatchObject({ exit: 0, said: [expect.stringMatching(/: 3 current$/)] })
    expect(get(hosts.here, 'bluejail:replica', `${SOURCE}/web1`)).toMatch(/ there:/)
  })

  test('at the beginning leaves all to the next run', async () => {
    const { hosts, exit } = await broken(1, 0)
    expect([exit, hosts.sent.length]).toEqual([2, 2])
  })
})

describe('a copy that was changed', () => {
  const changed = async (diverged: string) => {
    const hosts = twoHosts([{ ...PUSH, diverged }])
    snap(hosts, 'a')
    await hosts.run('run')
    const { there, here } = hosts
    const etc = `${COPY}/web1/etc`
    there.outside('zfs', 'set', 'readonly=off', etc)
    there.outside('mount', '-t', 'zfs', etc, '/mnt')
    there.tree.write('/mnt/foreign', 'x')
    there.outside('umount', '/mnt')
    there.outside('zfs', 'set', 'readonly=on', etc)
    here.outside('zfs', 'snapshot', '-r', `${SOURCE}@b`)
    return hosts
  }

  test('is left as it is, and told', async () => {
    const hosts = await changed('refuse')
    const { exit, replicas } = await hosts.run('run', '--json')
    expect([exit, states(replicas[0])]).toEqual([1, [' sent', '/web1 sent', '/web1/etc diverged']])
    expect(replicas[0]?.datasets[2]?.why).toBe(`${COPY}/web1/etc was changed after what it received last`)
  })

  test('is set aside where that is wished, and begun anew', async () => {
    const hosts = await changed('rotate')
    expect((await hosts.run('run')).exit).toBe(0)
    expect(copied(hosts)).toEqual([...all('a', 'b'), '/web1/etc-diverged-20261122T120000Z@a'].sort())
    expect((await hosts.run('run')).said).toEqual([expect.stringMatching(/: 3 current$/)])
  })
})

test('a snapshot of its own clashes with none that is not sent', async () => {
  const hosts = twoHosts([{ ...PUSH, history: false, diverged: 'rotate' }])
  snap(hosts, 'a')
  await hosts.run('run')
  hosts.there.outside('zfs', 'snapshot', `${COPY}/web1@auto-1`)
  snap(hosts, 'auto-1')
  snap(hosts, 'auto-2')
  const { replicas } = await hosts.run('run', '--json')
  expect(replicas[0]?.datasets[1]?.steps).toEqual(['@auto-2 since a'])
})

test('two replicas of one source leave each other in peace', async () => {
  const hosts = twoHosts([PUSH, { name: 'second', dataset: SOURCE, target: 'zroot/second' }])
  snap(hosts, 'a')
  await hosts.run('run')
  await hosts.run('run')
  const before = hosts.here.performed.length
  await hosts.run('run')
  expect(hosts.here.performed.slice(before)).toEqual([])
})

test('what is encrypted goes raw, though the copy gives a token of a stream that is not', async () => {
  const hosts = twoHosts([{ ...PUSH, dataset: 'zroot/secret', target: 'backup/here/secret' }], {
    datasets: { 'zroot/secret': { encryption: 'on', keyformat: 'passphrase', key: 'correct horse\n' } },
  })
  hosts.here.outside('zfs', 'snapshot', 'zroot/secret@a')
  await hosts.run('run')
  hosts.here.outside('zfs', 'snapshot', 'zroot/secret@b')
  hosts.cuts.push(0.5)
  const sends: string[] = []
  const { query } = hosts.here
  Object.assign(hosts.here, {
    query: (command: readonly [string, ...string[]], options?: object) => {
      if (command[1] === 'send' && !command.includes('-nvP')) sends.push(command.join(' '))
      return query(command, options)
    },
  })
  expect(await hosts.run('run')).toMatchObject({ exit: 0 })
  expect(sends).toEqual([expect.stringMatching(/ -w /), expect.stringMatching(/^zfs send -w -t 1-/)])
})

test('a copy that is in use gets nothing, and says so', async () => {
  const hosts = twoHosts()
  snap(hosts, 'a')
  await hosts.run('run')
  hosts.there.outside('zfs', 'set', 'readonly=off', `${COPY}/web1`)
  snap(hosts, 'b')
  const { exit, replicas } = await hosts.run('run', '--json')
  expect([exit, states(replicas[0])]).toEqual([1, [' sent', '/web1 diverged', '/web1/etc sent']])
  expect(replicas[0]?.datasets[1]?.why).toMatch(/is not read-only/)
})
