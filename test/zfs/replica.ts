/** The program replicate on real OpenZFS, over real ssh and from pool to pool. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import type { Bench, Suite } from './bench.ts'
import {
  assertCopied,
  fill,
  guidsBelow,
  installReplicate,
  REPLICATE,
  runReplicate,
  states,
  type Told,
  writeReplica,
} from './copies.ts'
import { watchCommands } from './programs.ts'
import { killed } from './replica-killed.ts'
import { throughLogin } from './replica-login.ts'
import { diverged, placeholder, wayBack, written } from './replica-parted.ts'

const ZFS = '/usr/sbin/zfs'

export const replica: Suite = async bench => {
  await overSsh(bench)
  if (!bench.quick) await cutOff(bench, false)
  await cutOff(bench, true)
  await diverged(bench)
  await written(bench)
  if (!bench.quick) await placeholder(bench)
  if (!bench.quick) await wayBack(bench)
  await encrypted(bench)
  await throughLogin(bench)
  await killed(bench)
}

async function overSsh({ machine, quick, check }: Bench): Promise<void> {
  await machine.shell(`
    zfs create zroot/web
    zfs create -o mountpoint=legacy -o quota=1G zroot/web/db
    zfs create -s -V 16M zroot/web/volume
    zfs create zroot/web/empty`)
  await fill(machine, '/zroot/web/file', 2)
  await machine.shell('zfs snapshot -r zroot/web@one; zfs snapshot -r zroot/web@two')
  await installReplicate(machine, { dataset: 'zroot/web', target: 'backup/web' }, true)

  await check('a tree with a volume is copied over ssh, read-only and not mounted', async () => {
    const told = await runReplicate(machine)
    deepStrictEqual([told.exit, told.warnings], [0, []], JSON.stringify(told))
    await assertCopied(machine, 'zroot/web', 'backup/web')
    const properties = await machine.shell(
      'zfs get -H -o name,property,value readonly,canmount,mounted,quota backup/web backup/web/db',
    )
    deepStrictEqual(properties.trim().split('\n'), [
      ...['readonly\ton', 'canmount\tnoauto', 'mounted\tno', 'quota\tnone'].map(row => `backup/web\t${row}`),
      ...['readonly\ton', 'canmount\tnoauto', 'mounted\tno', 'quota\tnone'].map(row => `backup/web/db\t${row}`),
    ])
    strictEqual((await machine.shell('zfs get -H -o value readonly backup/web/volume')).trim(), 'on')
  })

  await check('with nothing to do, zfs is started twice on each side', async () => {
    await runReplicate(machine)
    const watch = await watchCommands(machine, [ZFS])
    try {
      await watch.calm()
      const told = await runReplicate(machine)
      deepStrictEqual(new Set(Object.values(states(told))), new Set(['current']))
      const commands = await watch.commands()
      ok(commands.length <= 4, commands.join('\n'))
    } finally {
      await watch.remove()
    }
  })

  await check('where the source pruned all that both had, the increment stands on the bookmark', async () => {
    await machine.shell(`
      dd if=/dev/urandom of=/zroot/web/file bs=1M count=1 2>/dev/null
      zfs snapshot -r zroot/web@three
      zfs destroy -r zroot/web@one,two`)
    const told = await runReplicate(machine)
    deepStrictEqual([told.exit, told.warnings], [0, []], JSON.stringify(told))
    await assertCopied(machine, 'zroot/web', 'backup/web')
    ok((await guidsBelow(machine, 'backup/web')).has('@one'), 'the copy keeps what the source pruned')
  })

  if (quick) return
  await check('what runs themselves took goes from both sides, but for what is held or cloned', async () => {
    const runs = async () => {
      await machine.run(['sleep', '1'])
      await machine.run([REPLICATE, 'run', '--snapshot'])
      const all = [
        ...(await guidsBelow(machine, 'zroot/web')).keys(),
        ...(await guidsBelow(machine, 'backup/web')).keys(),
      ]
      return all.filter(name => name.includes('@replica-')).sort()
    }
    const first = await runs()
    strictEqual(first.length, 8, first.join(' '))
    await machine.shell(`
      zfs hold keep zroot/web${first[0]}
      zfs clone -o canmount=off backup/web${first.find(name => name.startsWith('/db'))} backup/drill`)
    const second = await runs()
    strictEqual(second.length, 10, second.join(' '))
    deepStrictEqual(second.filter(name => first.includes(name)).length, 2, second.join(' '))
    await machine.shell(`zfs destroy backup/drill; zfs release keep zroot/web${first[0]}`)
    strictEqual((await runs()).length, 8)
    deepStrictEqual(new Set(Object.values(states(await runReplicate(machine)))), new Set(['current']))
  })
}

/** Lets 300,000 bytes through to each first receive of a snapshot, and all to the next. */
const CUTS_OFF = `#!/bin/sh
case "$1 $2" in
'receive -s')
  exec 9>>/run/watch/lock
  flock 9
  count=$(($(cat /run/watch/receives 2>/dev/null || echo 0) + 1))
  echo $count >/run/watch/receives
  exec 9>&-
  [ $((count % 2)) = 0 ] || { head -c 300000 | /usr/sbin/zfs.watched "$@"; exit; }
  ;;
esac
exec /usr/sbin/zfs.watched "$@"
`

async function cutOff({ machine, quick, check }: Bench, ssh: boolean): Promise<void> {
  const snapshots = quick ? 2 : 5
  const name = ssh ? 'cutover' : 'cut'
  await machine.run(['zfs', 'create', `zroot/${name}`])
  for (let number = 1; number <= snapshots; number++) {
    await fill(machine, `/zroot/${name}/file`, 1)
    await machine.run(['zfs', 'snapshot', `zroot/${name}@s${number}`])
  }
  await writeReplica(machine, { dataset: `zroot/${name}`, target: `backup/${name}` }, ssh)
  await check(`each of ${snapshots} receives${ssh ? ' over ssh' : ''} is cut off once and continued`, async () => {
    const watch = await watchCommands(machine, [ZFS])
    await machine.write(ZFS, CUTS_OFF, '0755')
    try {
      const all: Told[] = []
      // A run gives a line that breaks three chances, and the next run takes it up where it was.
      for (let run = 0; run <= snapshots; run++) {
        const told = await runReplicate(machine)
        all.push(told)
        if (told.failed === undefined && states(told)[`zroot/${name}`] !== 'failed') break
      }
      await assertCopied(machine, `zroot/${name}`, `backup/${name}`)
      const receives = Number(await machine.shell('cat /run/watch/receives'))
      ok(receives >= 4, `${receives} receives`)
      match(JSON.stringify(all), /what was left of it/)
    } finally {
      await watch.remove()
    }
    strictEqual((await machine.shell(`zfs get -H -o value receive_resume_token backup/${name}`)).trim(), '-')
  })
}

async function encrypted({ machine, quick, check }: Bench): Promise<void> {
  const increments = quick ? 1 : 6
  await machine.run(['zfs', 'create', '-o', 'encryption=aes-256-gcm', '-o', 'keyformat=passphrase', 'zroot/secret'], {
    input: 'correct horse battery staple\n',
  })
  await machine.run(['zfs', 'create', 'zroot/secret/below'])
  await writeReplica(machine, { dataset: 'zroot/secret', target: 'backup/secret' }, !quick)
  await check(
    `a raw chain of ${increments} increments needs no key at the copy, and opens with the same one`,
    async () => {
      for (let number = 0; number <= increments; number++) {
        await fill(machine, '/zroot/secret/below/file', 1)
        await machine.run(['zfs', 'snapshot', '-r', `zroot/secret@s${number}`])
        // The base of the third is a bookmark.
        if (number === 2) await machine.run(['zfs', 'destroy', '-r', 'zroot/secret@s1'])
        const told = await runReplicate(machine)
        deepStrictEqual([told.exit, told.warnings], [0, []], JSON.stringify(told))
      }
      await assertCopied(machine, 'zroot/secret', 'backup/secret')
      strictEqual((await machine.shell('zfs get -H -o value keystatus backup/secret/below')).trim(), 'unavailable')
      const key = 'correct horse battery staple\n'
      // Each dataset of a raw copy wants the key itself: received one by one, none knows of the other.
      for (const name of ['backup/secret', 'backup/secret/below'])
        await machine.run(['zfs', 'load-key', name], { input: key })
      const digests = await machine.shell(`
      mkdir -p /mnt/copy
      mount -t zfs -o zfsutil,ro backup/secret/below /mnt/copy
      sha256sum </zroot/secret/below/file; sha256sum </mnt/copy/file
      umount /mnt/copy`)
      const [ours, theirs] = digests.trim().split('\n')
      strictEqual(theirs, ours)
    },
  )

  await check('a snapshot of its own, though nothing was written, ends a raw chain: that is foretold', async () => {
    await machine.shell(`
      zfs snapshot backup/secret/below@own
      zfs snapshot -r zroot/secret@later`)
    const [plan] = JSON.parse((await machine.run([REPLICATE, 'plan', '--json'], { exits: [0, 1] })).stdout).replicas
    strictEqual(states(plan)['zroot/secret/below'], 'diverged')
    const received = await machine.run(
      [
        'sh',
        '-c',
        'zfs send -Lecp -w -i @"$1" zroot/secret/below@later | zfs receive -s -u backup/secret/below',
        '-',
        `s${increments}`,
      ],
      { exits: [0, 1] },
    )
    match(received.stderr, /has been modified/)
    const told = await runReplicate(machine)
    deepStrictEqual([states(told)['zroot/secret'], states(told)['zroot/secret/below']], ['sent', 'diverged'])
  })
}
