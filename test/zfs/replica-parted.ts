/** Copies on real OpenZFS that cannot simply be continued: changed ones, and placeholders. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import type { Bench } from './bench.ts'
import { assertCopied, guidsBelow, runReplicate, states, writeReplica } from './copies.ts'

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

  await check('a copy that was changed is refused, named, and left as it is', async () => {
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
