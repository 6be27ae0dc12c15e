/** What a key with a forced command may have run. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Command, describeCommand } from '../../modules/core/step.ts'
import { overSsh, wordsOf } from '../../modules/freebsd/ssh.ts'
import { receive } from '../../modules/freebsd/zfs-send.ts'
import { checkAgainstHost, checkStream, type Grant, granted, served } from '../../programs/replicate/serve.ts'
import { writeToken } from '../imitation/zfs/stream.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { PUSH, twoHosts } from './two-hosts.ts'

const TARGET: Grant = { dataset: 'backup/here', role: 'target' }
const SOURCE: Grant = { dataset: 'zroot/hosting', role: 'source' }

/** As it is sent, in letters. */
const RECEIVE =
  'zfs receive -s -u -x sharenfs -x sharesmb -x bluejail:replica -x bluejail:autosnap -x com.sun:auto-snapshot -o quota=none -o reservation=none -o refreservation=none -o mountpoint=none -o canmount=noauto -o readonly=on'

const receiving = (type: 'filesystem' | 'volume') => receive('backup/here/x', { type, without: [], nowhere: true })

const isGranted = (line: string, grant: Grant) => {
  try {
    granted(line, grant)
    return true
  } catch {
    return false
  }
}

describe('the other host', () => {
  test('may have a copy received so that nothing of it is mounted, and no word otherwise', () => {
    expect(isGranted(`${RECEIVE} backup/here/x`, TARGET)).toBe(true)
  })

  test.each([
    ['to destroy', 'zfs destroy backup/here/instances@a'],
    ['to destroy by force of a stream', `${RECEIVE.replace('-u', '-u -F')} backup/here/instances`],
    ['to set properties by a stream', `${RECEIVE} -o mountpoint=/etc backup/here/x`],
    ['to set others than those', `${RECEIVE.replace('noauto', 'on')} backup/here/x`],
    ['to let in what a stream says', 'zfs receive -s -u backup/here/x'],
    ['to have it mountable', `${RECEIVE.replace('-o readonly=on', '-x readonly')} backup/here/x`],
    ['one whose mount point comes with it', `${RECEIVE.replace('-o mountpoint=none', '')} backup/here/x`],
    ['a part of a tree by its name', `${RECEIVE.replace('-u', '-u -d')} backup/here`],
    ['to roll back', 'zfs rollback -r backup/here/instances@a'],
    ['another dataset', `${RECEIVE} backup/elsewhere`],
    ['one whose name merely begins so', `${RECEIVE} backup/here2`],
    ['one above', `${RECEIVE} backup`],
    ['one by dots', `${RECEIVE} backup/here/../x`],
    ['a snapshot in place of a dataset', `${RECEIVE} backup/here/x@a`],
    ['a snapshot renamed', 'zfs rename backup/here/x@a backup/here/x@a-diverged-20261122T120000Z'],
    ['a snapshot given to another', 'zfs rename -u backup/here/x@a backup/here/x-diverged-20261122T120000Z@a'],
    ['a placeholder with a mount point', 'zfs create -o canmount=off -o mountpoint=/root -o readonly=on backup/here/x'],
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
    ['to receive', `${RECEIVE} zroot/hosting/x`],
    ['to send with other properties', 'zfs send -Lecb zroot/hosting/x@a'],
    ['an increment through bookmarks', "zfs send -Lecp -I 'zroot/hosting/x#m' zroot/hosting/x@b"],
    ['to say what would break a line of a list', "zfs set 'bluejail:replica=5 a\tb' zroot/hosting/x"],
    ['to take snapshots of nothing', 'zfs snapshot'],
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
})

describe('what the words alone do not tell', () => {
  test('what the next increment stands on stays held until a newer one is', async () => {
    const hosts = twoHosts()
    const copy = 'backup/here/instances/web1'
    const release = (...names: string[]) => {
      const line = `zfs release bluejail-replica ${names.map(name => `${copy}@${name}`).join(' ')}`
      return checkAgainstHost(granted(line, TARGET), TARGET, hosts.there)
    }
    hosts.here.outside('zfs', 'snapshot', '-r', 'zroot/hosting/instances@a')
    await hosts.run('run')
    await expect(release('a')).rejects.toThrow(`${copy}@a is what the next increment stands on`)
    hosts.there.outside('zfs', 'snapshot', `${copy}@own`)
    hosts.there.outside('zfs', 'hold', 'mine', `${copy}@own`)
    await expect(release('a')).rejects.toThrow(/so it stays held/)
    hosts.there.outside('zfs', 'hold', 'bluejail-replica', `${copy}@own`)
    await expect(release('a')).resolves.toBeUndefined()
    await expect(release('a', 'own')).rejects.toThrow(`${copy}@own is what`)
    await expect(release('gone')).resolves.toBeUndefined()
  })

  test('a token is used for what is below alone, and not where it cannot be read', async () => {
    const hosts = twoHosts([PUSH])
    hosts.here.outside('zfs', 'snapshot', '-r', 'zroot/hosting/instances@a')
    hosts.cuts.push(0.5, 0.5, 0.5)
    await hosts.run('run')
    const [token = ''] =
      /1-\S+/.exec(
        hosts.there.outside('zfs', 'get', '-Hp', '-o', 'value', 'receive_resume_token', 'backup/here/instances').stdout,
      ) ?? []
    const resume = (dataset: string, ...words: string[]) => {
      const grant: Grant = { dataset, role: 'source' }
      return checkAgainstHost(granted(['zfs send', ...words, `-t ${token}`].join(' '), grant), grant, hosts.here)
    }
    await expect(resume('zroot/hosting')).resolves.toBeUndefined()
    await expect(resume('zroot/hosting/instances/web1')).rejects.toThrow(/the token names zroot\/hosting\/instances@a/)
    hosts.here.outside('zfs', 'destroy', '-r', 'zroot/hosting/instances@a')
    await expect(resume('zroot/hosting')).rejects.toThrow(/can make nothing of that token/)
    // It must learn that, to give it up.
    await expect(resume('zroot/hosting', '-nvP')).resolves.toBeUndefined()
  })

  test('a stream of a whole tree is refused', () => {
    expect(() => checkStream({ isTree: true }, receiving('filesystem'))).toThrow(/one dataset at a time/)
    expect(checkStream({ isTree: false }, receiving('filesystem'))).toBeUndefined()
  })

  test('a stream of a filesystem is not received by the words for a volume, which say nothing of its mounting', () => {
    const head = { isTree: false, type: 'filesystem' } as const
    expect(() => checkStream(head, receiving('volume'))).toThrow(
      'this is the stream of a filesystem, and not of a volume',
    )
    expect(checkStream(head, receiving('filesystem'))).toBeUndefined()
    expect(checkStream({ isTree: false, type: 'volume' }, receiving('volume'))).toBeUndefined()
  })

  test('what is encrypted goes raw or not at all, whatever a token says', async () => {
    const host = fakeFreeBSD({
      datasets: { 'zroot/secret': { encryption: 'on', keyformat: 'passphrase', key: 'correct horse\n' } },
      commands: [['zfs', 'snapshot', 'zroot/secret@a']],
    })
    const toguid = host.outside('zfs', 'get', '-Hp', '-o', 'value', 'guid', 'zroot/secret@a').stdout.trim()
    const token = writeToken({ toguid, toname: 'zroot/secret@a' })
    const grant: Grant = { dataset: 'zroot/secret', role: 'source' }
    await expect(served(`zfs send -t ${token}`, grant, host)).rejects.toThrow(/encrypted, and is sent raw/)
    expect(await served(`zfs send -w -t ${token}`, grant, host)).toEqual(['zfs', 'send', '-w', '-t', token])
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
