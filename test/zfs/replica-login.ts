/** The login of another host as the module makes it, but for its user, who is Linux's: a key, a forced command, and permissions. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { describeCommand } from '../../modules/core/step.ts'
import { receive } from '../../modules/freebsd/zfs-send.ts'
import { keysText, permissionsOf } from '../../modules/rules/replica/access.ts'
import { OWN_AFFAIR } from '../../modules/rules/replica/affairs.ts'
import type { Bench } from './bench.ts'
import { assertCopied, guidsBelow, runReplicate, SETTINGS_FILE } from './copies.ts'

const GRANT = 'backup/logins/host1'
const SSH = 'ssh -o BatchMode=yes -i /root/.ssh/id_login host1@localhost'

export async function throughLogin({ machine, quick, check }: Bench): Promise<void> {
  const key = (
    await machine.shell(
      'rm -f /root/.ssh/id_login*; ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_login; cut -d " " -f 1-2 /root/.ssh/id_login.pub',
    )
  ).trim()
  const login = { user: 'host1', dataset: GRANT, role: 'target', keys: [key], from: undefined, isGone: false } as const
  const allowed = permissionsOf('target', [2, 3, 2])
  await machine.shell(`
    id host1 2>/dev/null >&2 || useradd -m -p '*' -s /bin/sh host1
    chmod 666 /dev/zfs
    zfs create -o mountpoint=none -o canmount=off backup/logins
    zfs create -o mountpoint=none -o canmount=off ${GRANT}
    zfs allow -u host1 ${allowed.join(',')} ${GRANT}
    zfs create -o mountpoint=/zroot/theirs -o quota=1G zroot/theirs
    echo one >/zroot/theirs/note
    zfs snapshot zroot/theirs@one`)
  if (!quick)
    await machine.shell(`
    zfs create zroot/theirs/empty
    zfs create -s -V 16M zroot/theirs/empty/volume
    zfs snapshot zroot/theirs/empty/volume@one`)
  await machine.write('/home/host1/.ssh/authorized_keys', keysText(login), '0644')
  const to = { host: 'localhost', user: 'host1', key: '/root/.ssh/id_login' }
  const replica = { name: 'copy', dataset: 'zroot/theirs', target: `${GRANT}/theirs`, to }
  await machine.write(SETTINGS_FILE, JSON.stringify({ format: 1, replicas: [replica] }))

  await check(
    'through a login that may do no more, copies are made, go on, and nothing of them can be mounted',
    async () => {
      for (const name of quick ? ['three'] : ['two', 'three']) {
        const told = await runReplicate(machine)
        deepStrictEqual([told.exit, told.warnings], [0, []], JSON.stringify(told))
        await machine.shell(`echo ${name} >>/zroot/theirs/note; zfs snapshot -r zroot/theirs@${name}`)
      }
      const told = await runReplicate(machine, ['--snapshot'])
      deepStrictEqual([told.exit, told.warnings], [0, []], JSON.stringify(told))
      await assertCopied(machine, 'zroot/theirs', `${GRANT}/theirs`)
      const seen = await machine.shell(`zfs get -H -o value,source mountpoint,canmount,readonly,quota ${GRANT}/theirs`)
      deepStrictEqual(seen.trim().split('\n'), [
        `none\tinherited from ${GRANT}`,
        'noauto\tlocal',
        'on\tlocal',
        'none\tdefault',
      ])
    },
  )

  const asked = async (line: string, input = '') => {
    const { exit, stderr } = await machine.run(
      ['sh', '-c', `${input === '' ? '' : `${input} | `}${SSH} "$1"`, '-', line],
      {
        exits: [0, 1, 2, 255],
      },
    )
    return [exit, stderr] as const
  }
  const receiving = (name: string, type: 'filesystem' | 'volume') =>
    describeCommand(receive(`${GRANT}/${name}`, { type, without: OWN_AFFAIR, nowhere: true }))

  if (!quick)
    await check('it completes what was cut off, gives up what is gone, and sets copies not to be mounted', async () => {
      const begin = (name: string) =>
        machine.shell(`
        dd if=/dev/urandom of=/zroot/theirs/noise bs=1M count=2 2>/dev/null
        zfs snapshot zroot/theirs@${name}
        last=$(zfs list -H -d 1 -t snapshot -o name -s createtxg ${GRANT}/theirs | tail -n 1)
        zfs send -Lecp -i "@\${last#*@}" zroot/theirs@${name} | head -c 300000 |
          ${SSH} '${receiving('theirs', 'filesystem')}' 2>/dev/null || :`)
      await begin('cut')
      match(JSON.stringify(await runReplicate(machine)), /@cut, what was left of it/)
      await begin('gone')
      await machine.shell('zfs destroy zroot/theirs@gone; zfs snapshot zroot/theirs@after')
      const told = await runReplicate(machine)
      deepStrictEqual([told.exit, told.warnings], [0, []], JSON.stringify(told))
      match(JSON.stringify(told), /gave up an interrupted receive/)
      await machine.shell(`zfs set canmount=on ${GRANT}/theirs`)
      await runReplicate(machine)
      strictEqual(await machine.shell(`zfs get -H -o value canmount ${GRANT}/theirs`), 'noauto\n')
    })

  await check('its key is refused anything else', async () => {
    const newest = await machine.shell(`zfs list -H -d 1 -t snapshot -o name -s createtxg ${GRANT}/theirs | tail -n 1`)
    for (const line of [
      'id',
      `zfs receive -s -u ${GRANT}/evil`,
      `zfs rename ${GRANT}/theirs@one ${GRANT}/theirs@one-diverged-20261122T120000Z`,
      `zfs release bluejail-replica ${newest.trim()}`,
      `zfs destroy ${GRANT}/theirs@one`,
    ]) {
      const [exit, stderr] = await asked(line)
      strictEqual(exit, 2, `${line}: ${stderr}`)
    }
    await machine.shell('zfs rename zroot/theirs@one zroot/theirs@forged; zfs snapshot -r zroot/theirs@four')
    const [exit, stderr] = await asked(receiving('theirs', 'filesystem'), 'zfs send -R -I @three zroot/theirs@four')
    deepStrictEqual([exit, /a whole tree/.test(stderr)], [2, true], stderr)
    ok(!(await guidsBelow(machine, GRANT)).has('/theirs@forged'))
  })

  await check('a stream that brings a mount point brings none, and none as a volume', async () => {
    await machine.shell(`
      zfs create -u -o mountpoint=/root/.ssh -o canmount=on zroot/evil
      zfs snapshot zroot/evil@one; zfs snapshot zroot/evil@two`)
    for (const line of ['zfs send zroot/evil@one', 'zfs send -p -i @one zroot/evil@two']) {
      const [exit, stderr] = await asked(receiving('as-filesystem', 'filesystem'), line)
      strictEqual(exit, 0, stderr)
    }
    strictEqual(await machine.shell(`zfs get -H -o value mountpoint ${GRANT}/as-filesystem`), 'none\n')
    for (const line of ['zfs send zroot/evil@one', 'zfs send -p zroot/evil@one']) {
      const [exit, stderr] = await asked(receiving('as-volume', 'volume'), line)
      deepStrictEqual([exit, /the stream of a filesystem/.test(stderr)], [2, true], stderr)
    }
    match(await machine.shell(`zfs allow ${GRANT}`), /receive:append/)
  })
}
