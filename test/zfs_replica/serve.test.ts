/** What a key with a forced command may have run. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Command, describeCommand } from '../../modules/core/step.ts'
import { overSsh, wordsOf } from '../../modules/freebsd/ssh.ts'
import { type Grant, granted, isBelow, tokenIn } from '../../programs/replicate/serve.ts'
import { DATASETS, PUSH, twoHosts } from './two-hosts.ts'

const TARGET: Grant = { dataset: 'backup/here', role: 'target' }
const SOURCE: Grant = { dataset: 'zroot/hosting', role: 'source' }

const isGranted = (line: string, grant: Grant) => {
  try {
    granted(line, grant)
    return true
  } catch {
    return false
  }
}

describe('the other host', () => {
  test('may have copies rotated, completed and given up, all that a run with everything in it asks for', async () => {
    const hosts = twoHosts([{ ...PUSH, diverged: 'rotate' }], {
      datasets: { ...DATASETS, 'zroot/hosting/instances/a b': {} },
    })
    hosts.here.outside('zfs', 'snapshot', '-r', 'zroot/hosting/instances/web1@a')
    hosts.cuts.push(0.5)
    expect((await hosts.run('run')).exit).toBe(0)
    hosts.there.outside('zfs', 'release', 'bluejail-replica', 'backup/here/instances/web1/etc@a')
    hosts.there.outside('zfs', 'destroy', 'backup/here/instances/web1/etc@a')
    hosts.there.outside('zfs', 'snapshot', 'backup/here/instances/web1/etc@other')
    hosts.here.outside('zfs', 'snapshot', '-r', 'zroot/hosting/instances@b')
    await hosts.run('run')
    const verbs = new Set(hosts.sent.map(line => line.split(' ').slice(0, 2).join(' ')))
    expect([...verbs].sort()).toEqual(
      ['create', 'hold', 'holds', 'list', 'receive', 'release', 'rename']
        .map(verb => `zfs ${verb}`)
        .filter(verb => verbs.has(verb)),
    )
    expect(verbs).toContain('zfs rename')
    expect(verbs).toContain('zfs create')
  })

  test.each([
    ['to destroy', 'zfs destroy backup/here/instances@a'],
    ['to destroy by force of a stream', 'zfs receive -s -u -F backup/here/instances'],
    ['to set properties by a stream', 'zfs receive -s -u -o mountpoint=/etc -o readonly=on backup/here/x'],
    ['to set others than those', 'zfs receive -s -u -o canmount=on backup/here/x'],
    ['to roll back', 'zfs rollback -r backup/here/instances@a'],
    ['another dataset', 'zfs receive -s -u -o readonly=on backup/elsewhere'],
    ['one whose name merely begins so', 'zfs receive -s -u -o readonly=on backup/here2'],
    ['one above', 'zfs receive -s -u -o readonly=on backup'],
    ['one by dots', 'zfs receive -s -u -o readonly=on backup/here/../x'],
    ['to send what it has', 'zfs send -Lecp backup/here/instances@a'],
    ['to rename it to another place', 'zfs rename -u backup/here/instances backup/gone-diverged-20261122T120000Z'],
    ['to put something beside in its place', 'zfs rename -u backup/here/x backup/here/instances'],
    ['to move what is below', 'zfs rename -u backup/here/x/y backup/here/z/y'],
    [
      'to move what is below to the filling of another',
      'zfs rename -u backup/here/x/y backup/here/z-bluejail-filling/y',
    ],
    ['to rename it otherwise', 'zfs rename -u backup/here/instances backup/here/other'],
    ['to release what others hold', 'zfs release keep backup/here/instances@a'],
    ['a second command', 'zfs list -Hp -r -t filesystem,volume -o name backup/here; id'],
    ['a substitution', 'zfs receive -A $(id)'],
    ['a redirection', 'zfs receive -A backup/here/x > /etc/passwd'],
    ['another program', 'id'],
    ['a shell', ''],
    ['a name that every object has', 'zfs constructor backup/here'],
    ['journals of a source', 'find /hosting/instances -mindepth 2 -maxdepth 2 -name journal.json'],
  ])('may not have, of a target: %s', (_what, line) => expect(isGranted(line, TARGET)).toBe(false))

  test.each([
    ['to receive', 'zfs receive -s -u -o readonly=on zroot/hosting/x'],
    ['to destroy a snapshot', 'zfs destroy zroot/hosting/instances@a'],
    ["to destroy another's bookmark", "zfs destroy 'zroot/hosting/instances#mine'"],
    ['to send another dataset', 'zfs send -Lecp zroot/secret@a'],
    ['to send from another dataset', 'zfs send -Lecp -i zroot/secret@a zroot/hosting/x@b'],
    ['a whole tree', 'zfs send -R zroot/hosting@a'],
    ['to set other properties', 'zfs set mountpoint=/etc zroot/hosting/x'],
    ['snapshots with other names', 'zfs snapshot zroot/hosting/x@other'],
    ['files found elsewhere', 'find /hosting/../etc/instances -mindepth 2 -maxdepth 2 -name journal.json'],
    ['files found and deleted', 'find /hosting/instances -mindepth 2 -maxdepth 2 -name journal.json -delete'],
  ])('may not have, of a source: %s', (_what, line) => expect(isGranted(line, SOURCE)).toBe(false))

  test('may have of a source what pulling needs', () => {
    for (const line of [
      'zfs send -Lecp -w -I zroot/hosting/x@a zroot/hosting/x@b',
      "zfs send -Lecp -i 'zroot/hosting/x#m' zroot/hosting/x@b",
      'zfs send -t 1-ab-c8-789c63',
      "zfs destroy 'zroot/hosting/x#replica_in_123'",
      "zfs bookmark zroot/hosting/x@a 'zroot/hosting/x#replica_in_123'",
      "zfs set 'bluejail:replica=5 zroot/copy' zroot/hosting/x",
      'find /hosting/instances -mindepth 2 -maxdepth 2 -name journal.json',
    ])
      expect([line, isGranted(line, SOURCE)]).toEqual([line, true])
    expect(tokenIn(granted('zfs send -t 1-ab-c8-789c63', SOURCE))).toBe('1-ab-c8-789c63')
    expect(isBelow('zroot/secret@a', SOURCE.dataset)).toBe(false)
  })
})

describe('words over ssh', () => {
  test('arrive as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), words => {
        expect(wordsOf(describeCommand(words as unknown as Command))).toEqual(words)
      }),
      { numRuns: 1_000 },
    )
  })

  test('that a shell would take for more than words are none', () => {
    for (const line of [
      'a  b',
      ' a',
      'a ',
      'a;b',
      'a|b',
      'a&b',
      '`a`',
      '$a',
      '"a"',
      'a\\b',
      'a\nb',
      'a>b',
      "a'b",
      '',
      '~',
      '*',
      '#a',
    ])
      expect([line, wordsOf(line)]).toEqual([line, undefined])
  })

  test('go with the options that make ssh ask nothing', () => {
    const command = overSsh({ host: 'b', user: 'replica', port: 22, key: '/root/.ssh/replica' }, ['zfs', 'list', 'a b'])
    expect(command.join(' ')).toMatch(
      /BatchMode=yes.*StrictHostKeyChecking=yes.*-p 22 .*-i \/root\/.ssh\/replica replica@b zfs list 'a b'$/,
    )
  })
})
