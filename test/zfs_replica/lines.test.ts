/** A key with a forced command may have run what replication sends, word for word, and nothing else. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Command, describeCommand } from '../../modules/core/step.ts'
import { wordsOf } from '../../modules/freebsd/ssh.ts'
import { makeBookmark } from '../../modules/freebsd/zfs-points.ts'
import { formsFor, lineFor, oursBelow, type Role } from '../../programs/replicate/lines.ts'
import type { Grant } from '../../programs/replicate/serve.ts'
import { twoHosts } from './two-hosts.ts'

const GRANTS: Record<Role, Grant> = {
  target: { dataset: 'backup/here', role: 'target' },
  source: { dataset: 'zroot/hosting', role: 'source' },
}
const TREE = {
  'zroot/hosting': { mountpoint: 'none' },
  'zroot/hosting/web1': { 'bluejail:instance': 'web1' },
  'zroot/hosting/web1/etc': {},
  'zroot/hosting/empty/below': {},
  'zroot/hosting/a b': {},
  'zroot/hosting/volume': { volsize: '16M' },
  'zroot/hosting/secret': { encryption: 'on', keyformat: 'passphrase', key: 'correct horse\n' },
}

/** Everything that can happen to a copy happens to this one; the lines are those of all runs. */
async function linesOf(role: Role): Promise<string[]> {
  const replica = { name: 'all', diverged: 'rotate', dataset: 'zroot/hosting', target: 'backup/here/hosting' }
  const side = role === 'target' ? { to: 'there' } : { from: 'there' }
  const hosts = twoHosts([{ ...replica, ...side }], {
    grant: GRANTS[role],
    ...(role === 'target' ? { datasets: TREE } : { datasets: { zroot: {} }, others: TREE }),
  })
  const [source, target] = role === 'target' ? [hosts.here, hosts.there] : [hosts.there, hosts.here]
  if (role === 'source') target.outside('zfs', 'create', '-p', '-o', 'mountpoint=none', 'backup/here')
  const zfs = (host: typeof source, line: string) => expect(host.outside('zfs', ...line.split(' ')).stderr).toBe('')
  const run = async (hour: number, ...args: string[]) => {
    hosts.now = new Date(Date.UTC(2026, 10, 22, hour))
    return hosts.run('run', ...args)
  }
  for (const part of ['web1', 'web1/etc', 'volume', 'secret', 'empty/below'])
    zfs(source, `snapshot zroot/hosting/${part}@a`)
  hosts.cuts.push(0.5, 0.5, 0.5, 0.5)
  await run(8)
  zfs(source, 'snapshot -r zroot/hosting@b')
  for (const part of ['web1', 'web1/etc']) zfs(source, `destroy zroot/hosting/${part}@a`)
  zfs(source, 'snapshot -r zroot/hosting@c')
  hosts.here.tree.write('/var/db/bluejail-replicate-all.unsettled', '')
  await run(9)
  // Both a filesystem and a volume are begun anew, and what another was about to get is gone.
  for (const part of ['secret', 'volume']) {
    zfs(target, `release bluejail-replica backup/here/hosting/${part}@c`)
    for (const name of ['a', 'b', 'c']) zfs(target, `destroy backup/here/hosting/${part}@${name}`)
    zfs(target, `snapshot backup/here/hosting/${part}@own`)
  }
  zfs(target, 'snapshot backup/here/hosting/web1@own')
  zfs(source, 'snapshot -r zroot/hosting@d')
  hosts.cuts.push(...Array.from({ length: 30 }, () => 0.5))
  await run(10)
  hosts.cuts.length = 0
  zfs(source, 'destroy -r zroot/hosting@d')
  for (const hour of [11, 12, 13]) await run(hour, '--snapshot')
  zfs(target, 'set canmount=on backup/here/hosting/web1')
  await run(13)
  expect(await run(14)).toMatchObject({ exit: 0, said: [expect.stringMatching(/: \d current$/)] })
  // The module sends it for a replica that has another name from now on.
  const renaming = makeBookmark('zroot/hosting/web1#replica_all_1', 'zroot/hosting/web1#replica_every_1')
  return [...new Set([...hosts.sent, ...(role === 'source' ? [describeCommand(renaming.command)] : [])])]
}

const formsUsed = (role: Role, line: string) => {
  const words = wordsOf(line) ?? []
  return formsFor(role).flatMap((form, at) =>
    describeCommand(form(words, oursBelow(GRANTS[role].dataset)) ?? ['none']) === line ? [at] : [],
  )
}

/** Which names a line has, and how many where there may be any number, is not what makes it another line. */
const kindOf = (role: Role, line: string) => {
  const ours = oursBelow(GRANTS[role].dataset)
  const words = wordsOf(line) ?? []
  const kinds = words.map(word => {
    const plain: string = word
    if (ours.dataset(word)) return 'DATASET'
    if (words[1] === 'get' && (ours.snapshot(word) || ours.bookmark(word))) return 'POINT'
    if (ours.snapshot(word)) return 'SNAPSHOT'
    if (ours.bookmark(word)) return 'BOOKMARK'
    return plain
      .replace(/^1-[0-9a-f-]+$/, 'TOKEN')
      .replace(/@replica-.*/, '@OWN')
      .replace(/=\d+ .*/, '=MOMENT')
  })
  // Any dataset may be encrypted.
  return kinds.filter((kind, at) => kind !== kinds[at - 1] && kind !== '-w').join(' ')
}

describe.each(['target', 'source'] as const)('of a %s', role => {
  let lines: string[]
  test('each line that is sent is granted, and each form that is granted is of a line that is sent', async () => {
    lines = await linesOf(role)
    const used = new Set(lines.flatMap(line => formsUsed(role, line)))
    expect(lines.filter(line => formsUsed(role, line).length === 0)).toEqual([])
    expect(formsFor(role).flatMap((_, at) => (used.has(at) ? [] : [at]))).toEqual([])
  })

  test('no line is granted that is of another kind than all of these', async () => {
    const sent = lines.map(line => wordsOf(line) ?? [])
    const kinds = new Set(lines.map(line => kindOf(role, line)))
    const top = GRANTS[role].dataset
    const elsewhere = [top.replace(/.$/, ''), `${top}2`, 'zroot/secret', 'zroot/secret@a', `${top}/../x`, `${top}@`]
    const own = [
      `${top}/x`,
      `${top}/x@a`,
      `${top}/x#m`,
      `${top}/x-diverged-20261122T120000Z`,
      `${top}@a,b`,
      `${top}@a%b`,
    ]
    const options =
      '-F -f -r -R -d -e -n -v -x -o -u -i -I -t -A -s -p -H mountpoint=/root/.ssh canmount=on readonly=off'
    const word = fc.oneof(
      fc.constantFrom(...options.split(' '), ...elsewhere, ...own),
      fc.constantFrom(...sent.flat()),
      fc.string(),
    )
    const change = fc.record({
      at: fc.nat(40),
      drop: fc.nat(2),
      put: fc.array(word, { maxLength: 2 }),
    })
    fc.assert(
      fc.property(fc.constantFrom(...sent), fc.array(change, { minLength: 1, maxLength: 3 }), (words, changes) => {
        const changed = [...words]
        for (const { at, drop, put } of changes) changed.splice(at % (changed.length + 1), drop, ...put)
        const command = lineFor(role, changed, top)
        if (command === undefined) return
        expect(command).toEqual(changed)
        const line = describeCommand(changed as unknown as Command)
        expect(kinds).toContain(kindOf(role, line))
        for (const name of changed.filter(one => /[/@#]/.test(one) && !/^(bluejail:|com\.sun:|\/)/.test(one)))
          expect(
            [top, '/', '@', '#'].some((mark, at) => (at === 0 ? name === mark : name.startsWith(top + mark))),
          ).toBe(true)
      }),
      { numRuns: 20_000 },
    )
  })
})

test('of the words a stream is received with none can be left out, put in or said twice', async () => {
  const lines = (await linesOf('target')).map(line => wordsOf(line) ?? []).filter(words => words[2] === '-s')
  expect(lines.length).toBeGreaterThan(5)
  for (const words of lines)
    for (let at = 0; at < words.length; at++)
      for (const other of [
        words.toSpliced(at, 1),
        ...[words[at] ?? '', '-F', '-d'].map(word => words.toSpliced(at, 0, word)),
      ])
        expect([other, lineFor('target', other, 'backup/here')]).toEqual([other, undefined])
})

test('names are of datasets, of snapshots or of bookmarks, at or below the one', () => {
  const ours = oursBelow('backup/here')
  const kinds = (word: string) => [ours.dataset(word), ours.snapshot(word), ours.bookmark(word)]
  expect(kinds('backup/here')).toEqual([true, false, false])
  expect(kinds('backup/here/x@a')).toEqual([false, true, false])
  expect(kinds('backup/here#m')).toEqual([false, false, true])
  for (const word of ['backup/here2', 'backup', '-r', 'backup/here/x@a,b', 'backup/here/x@a@b', 'backup/here/../x', ''])
    expect([word, kinds(word)]).toEqual([word, [false, false, false]])
})
