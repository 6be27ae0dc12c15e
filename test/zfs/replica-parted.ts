/** Copies on real OpenZFS that cannot simply be continued: changed ones, and placeholders. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { describeCommand } from '../../modules/core/step.ts'
import { COLUMNS, requestOf } from '../../modules/rules/move/requests.ts'
import { firstSnapshot, lastSnapshot, streamsOf } from '../../modules/rules/move/streams.ts'
import type { Bench } from './bench.ts'
import { assertCopied, guidsBelow, REPLICATE, runReplicate, states, writeReplica } from './copies.ts'

export async function diverged({ machine, check }: Bench): Promise<void> {
  const wishes = { dataset: 'zroot/split', target: 'backup/split' }
  await machine.shell('zfs create zroot/split; zfs snapshot zroot/split@one')
  await writeReplica(machine, wishes)
  await runReplicate(machine)
  await machine.shell(`
    zfs set readonly=off mountpoint=/split canmount=on backup/split
    zfs mount backup/split 2>/dev/null || :
    echo theirs >/split/note
    zfs snapshot backup/split@own
    zfs unmount backup/split
    zfs set readonly=on backup/split
    echo ours >/zroot/split/note
    zfs snapshot zroot/split@two`)

  await check('a copy that was changed is known for one, refused, named, and left as it is', async () => {
    const [plan] = JSON.parse((await machine.run([REPLICATE, 'plan', '--json'], { exits: [0, 1] })).stdout).replicas
    strictEqual(states(plan)['zroot/split'], 'diverged')
    match(plan.datasets[0].why, /was changed .* has snapshots since: @own/)
    const told = await runReplicate(machine)
    strictEqual(told.exit, 1, JSON.stringify(told))
    strictEqual(states(told)['zroot/split'], 'diverged')
    deepStrictEqual([...(await guidsBelow(machine, 'backup/split')).keys()], ['@one', '@own'])
  })

  await check('or it is renamed, and a new copy is begun', async () => {
    await writeReplica(machine, { ...wishes, diverged: 'rotate' })
    const told = await runReplicate(machine)
    strictEqual(told.exit, 0, JSON.stringify(told))
    await assertCopied(machine, 'zroot/split', 'backup/split')
    const aside = (await machine.shell('zfs list -H -o name -r backup')).match(/backup\/split-diverged-\w+/)?.[0]
    ok(aside !== undefined, 'the former copy is there under another name')
    deepStrictEqual([...(await guidsBelow(machine, aside)).keys()], ['@one', '@own'])
  })
}

/** What `written` says decides whether an increment is tried: it must say what zfs receive would. */
export async function written({ machine, check }: Bench): Promise<void> {
  await machine.shell(
    'zfs create zroot/words; zfs create -s -V 16M zroot/words/volume; zfs snapshot -r zroot/words@one',
  )
  await writeReplica(machine, { dataset: 'zroot/words', target: 'backup/words' })
  await runReplicate(machine)
  const bytes = async (...names: string[]) =>
    (await machine.run(['zfs', 'list', '-Hp', '-t', 'all', '-o', 'written', ...names])).stdout.trim().split('\n')

  await check('nothing counts as written to a copy but what zfs receive refuses it for', async () => {
    deepStrictEqual(await bytes('backup/words', 'backup/words/volume'), ['0', '0'])
    const mounted = (options: string, act: string) =>
      machine.shell(`
        mkdir -p /mnt/words; mount.linux -t zfs -o zfsutil,${options} backup/words /mnt/words
        ${act}; umount /mnt/words; zpool sync backup`)
    await mounted('ro', 'ls /mnt/words')
    await machine.shell('zfs set readonly=off backup/words')
    await mounted('rw', ':')
    await machine.shell('zfs set readonly=on backup/words; zfs snapshot backup/words@own')
    deepStrictEqual(await bytes('backup/words', 'backup/words@own'), ['0', '0'])
    await machine.shell('echo x >/zroot/words/x; zfs snapshot -r zroot/words@two')
    const told = await runReplicate(machine)
    deepStrictEqual(states(told), { 'zroot/words': 'sent', 'zroot/words/volume': 'sent' }, JSON.stringify(told))
    deepStrictEqual(await bytes('backup/words', 'backup/words/volume'), ['0', '0'])
  })
}

export async function placeholder({ machine, check }: Bench): Promise<void> {
  await machine.shell(`
    zfs create zroot/holding
    zfs create zroot/holding/web
    zfs create zroot/holding/web/db
    zfs snapshot zroot/holding/web/db@one`)
  await writeReplica(machine, { dataset: 'zroot/holding', target: 'backup/holding' }, true)
  await check('what only holds others has a placeholder, and is filled when it gets snapshots', async () => {
    strictEqual((await runReplicate(machine)).exit, 0)
    deepStrictEqual([...(await guidsBelow(machine, 'backup/holding')).keys()], ['/web/db@one'])
    const created = await machine.shell('zfs get -Hp -o value createtxg backup/holding/web/db')
    await machine.shell('echo now >/zroot/holding/web/note; zfs snapshot -r zroot/holding@two')
    const told = await runReplicate(machine)
    deepStrictEqual([told.exit, told.warnings], [0, []], JSON.stringify(told))
    await assertCopied(machine, 'zroot/holding', 'backup/holding')
    strictEqual(
      await machine.shell('zfs get -Hp -o value createtxg backup/holding/web/db'),
      created,
      'it was sent anew',
    )
    const names = await machine.shell('zfs list -H -o name -r backup')
    deepStrictEqual(names.match(/^backup\/holding.*-bluejail-filling.*$/gm), null)
    strictEqual(names.match(/^backup\/holding.*-placeholder-\w+$/gm)?.length, 2, names)
    deepStrictEqual(new Set(Object.values(states(await runReplicate(machine)))), new Set(['current']))
  })
}

/** `zroot` is the host that died, `backup` the one where its instance ran from the copy. What is sent is what move.yml sends. */
export async function wayBack({ machine, check }: Bench): Promise<void> {
  const time = '20261122T120000Z'
  await machine.shell(`
    zfs create zroot/died
    zfs create -o recordsize=16K zroot/died/db
    zfs create zroot/left
    zfs create -o mountpoint=none backup/copies`)
  await machine.shell('dd if=/dev/urandom of=/zroot/died/db/file bs=1M count=8 2>/dev/null')
  await machine.shell('zfs snapshot -r zroot/died@one; zfs snapshot -r zroot/died@two')
  await writeReplica(machine, { dataset: 'zroot/died', target: 'backup/copies/died' }, true)
  strictEqual((await runReplicate(machine)).exit, 0)
  await machine.shell(`
    echo lost >/zroot/died/db/lost; zfs snapshot -r zroot/died@lost
    zfs create backup/lives
    guid=$(zfs get -Hp -o value guid backup/copies/died/db@two)
    zfs clone -o mountpoint=/backup/lives/db -o bluejail:restored=$guid backup/copies/died/db@two backup/lives/db
    echo since >/backup/lives/db/since; zfs snapshot -r backup/lives@auto`)

  await check('after a failover the way back is an increment upon what the host had', async () => {
    await machine.shell(`
      zfs rename zroot/died zroot/left/died
      zfs set mountpoint=none zroot/left/died
      zfs create -o mountpoint=none zroot/arrived
      zfs snapshot -r backup/lives@${firstSnapshot(time)}`)
    const place = (host: string, dataset: string) => ({ host, dataset, running: false, datasets: '' })
    const listed = await machine.run(['zfs', 'list', '-Hp', '-r', '-o', ['name', ...COLUMNS].join(), 'backup/lives'])
    const streams = streamsOf(
      requestOf({
        ...{ id: 'died', time, over: false, arrived: 'zroot/arrived/died' },
        source: { ...place('south', 'backup/lives'), datasets: listed.stdout },
        target: {
          ...place('north', 'zroot/died'),
          kept: await machine.shell('zfs list -Hp -r -t snapshot -o guid zroot/left'),
        },
      }),
    )
    deepStrictEqual(
      streams.map(({ becomes }) => becomes),
      [undefined, 'zroot/died/db'],
    )
    const inWords = (end: 'first' | 'last') =>
      streams.map(stream => `${describeCommand(stream[end])} | ${describeCommand(stream.receive)}`).join('\n')
    const increment = describeCommand(streams[1]?.first ?? ['false'])
    const bytes = await machine.shell(`${increment} | wc -c`)
    ok(Number(bytes) < 1_000_000, `${bytes} bytes`)
    await machine.shell(inWords('first'))
    strictEqual(
      (await machine.shell('zfs get -H -o value origin zroot/arrived/died/db')).trim(),
      'zroot/left/died/db@two',
    )
    await machine.shell(`
      echo later >/backup/lives/db/later; zfs snapshot -r backup/lives@${lastSnapshot(time)}
      ${inWords('last')}
      zfs create -o mountpoint=none zroot/died
      zfs clone -o mountpoint=legacy -o readonly=off zroot/arrived/died/db@${lastSnapshot(time)} zroot/died/db
      zfs promote zroot/died/db
      zfs promote zroot/died/db
      zfs destroy -r zroot/arrived/died`)
    deepStrictEqual(
      [...(await guidsBelow(machine, 'zroot/died')).keys()],
      ['/db@one', '/db@two', '/db@auto', `/db@${firstSnapshot(time)}`, `/db@${lastSnapshot(time)}`],
    )
    strictEqual(
      await machine.shell(`
        mkdir -p /mnt/back && mount -t zfs zroot/died/db /mnt/back
        cat /mnt/back/since /mnt/back/later; cmp /mnt/back/file /backup/lives/db/file; ls /mnt/back; umount /mnt/back`),
      'since\nlater\nfile\nlater\nsince\n',
    )
    deepStrictEqual([...(await guidsBelow(machine, 'zroot/left')).keys()].slice(-1), ['/died/db@lost'])
  })

  await check('and its copy goes on where it was', async () => {
    const told = await runReplicate(machine)
    strictEqual(states(told)['zroot/died/db'], 'sent', JSON.stringify(told))
    deepStrictEqual(told.datasets.find(({ dataset }) => dataset === 'zroot/died/db')?.steps, [
      `@${lastSnapshot(time)} since two`,
    ])
  })
}
