import { describe, expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { runAtOnce } from './run.ts'

type Fake = ReturnType<typeof fakeFreeBSD>
const names = (host: Fake, ...args: string[]) =>
  host
    .outside('zfs', 'list', '-H', '-o', 'name', ...args)
    .stdout.split('\n')
    .filter(Boolean)
const withInput = (host: Fake, stdin: string, ...args: string[]) =>
  runAtOnce(host.machine, 'zfs', { args, stdin: Buffer.from(stdin), cwd: '/', uid: 0 })

describe('creating', () => {
  test('zfs-7 -p makes the parents, mounted, and is content when all is there', () => {
    const host = fakeFreeBSD()
    expect(host.outside('zfs', 'create', '-p', '-o', 'atime=off', 'zroot/a/b/c').exit).toBe(0)
    expect(host.outside('zfs', 'create', '-p', 'zroot/a/b/c')).toEqual({ exit: 0, stdout: '', stderr: '' })
    expect(names(host, '-r', 'zroot/a')).toEqual(['zroot/a', 'zroot/a/b', 'zroot/a/b/c'])
    expect(host.outside('zfs', 'get', '-H', '-o', 'value', 'atime', 'zroot/a/b').stdout).toBe('on\n')
    expect(host.tree.lstat('/zroot/a/b/c')?.type).toBe('directory')
  })

  test.each([
    [['create', 'zroot/v/x'], "cannot create 'zroot/v/x': parent is not a filesystem"],
    [['create', 'tank/x'], "cannot create 'tank/x': no such pool 'tank'"],
    [['create', 'zroot/a//b'], "cannot create 'zroot/a//b': empty component or misplaced '@' or '#' delimiter in name"],
    [['create', 'zroot/a*b'], "cannot create 'zroot/a*b': invalid character '*' in name"],
    [['create', `zroot/${'x'.repeat(260)}`], `cannot create 'zroot/${'x'.repeat(260)}': name is too long`],
    [['create', '-V', '1P', 'zroot/big'], "cannot create 'zroot/big': out of space"],
    [['create', '-o', 'a=b', '-o', 'a=c', 'zroot/x'], "property 'a' specified multiple times"],
    [
      ['create', '-o', 'encryption=on', 'zroot/x'],
      "cannot create 'zroot/x': Keyformat required for new encryption root.",
    ],
    [['clone', 'zroot/a@none', 'zroot/x'], "cannot open 'zroot/a@none': dataset does not exist"],
    [['clone', 'zroot/a@s', 'zroot/v'], "cannot create 'zroot/v': dataset already exists"],
    [
      ['rename', 'zroot/a', 'zroot/a/b'],
      "cannot rename to 'zroot/a/b': New dataset name cannot be a descendant of current dataset name",
    ],
    [['rename', 'zroot/a', 'tank/a'], "cannot create 'tank/a': no such pool 'tank'"],
  ])('zfs %j is refused', (args, stderr) => {
    const host = fakeFreeBSD({
      datasets: { 'zroot/a': {}, 'zroot/v': { volsize: '1M' } },
      commands: [['zfs', 'snapshot', 'zroot/a@s']],
    })
    expect(host.outside('zfs', ...args)).toEqual({ exit: 1, stdout: '', stderr: `${stderr}\n` })
  })

  test('a key comes on standard input, in its format', () => {
    const host = fakeFreeBSD()
    const secret = ['-o', 'encryption=on', '-o', 'keyformat=passphrase', 'zroot/secret']
    expect(withInput(host, 'short\n', 'create', ...secret).stderr).toBe(
      "cannot create 'zroot/secret': Passphrase too short (min 8).\n",
    )
    expect(withInput(host, 'long enough\n', 'create', ...secret).exit).toBe(0)
    host.outside('zfs', 'create', 'zroot/secret/child')
    expect(host.outside('zfs', 'unload-key', 'zroot/secret').stderr).toBe("Key unload error: 'zroot/secret' is busy.\n")
    host.outside('zfs', 'unmount', 'zroot/secret')
    expect(host.outside('zfs', 'unload-key', 'zroot/secret').exit).toBe(0)
    const get = ['get', '-Hp', '-o', 'value', 'encryptionroot,keystatus,keylocation', 'zroot/secret/child']
    expect(host.outside('zfs', ...get).stdout).toBe('zroot/secret\nunavailable\nnone\n')
    expect(host.outside('zfs', 'mount', 'zroot/secret').stderr).toBe(
      "cannot mount 'zroot/secret': encryption key not loaded\n",
    )
    expect(withInput(host, 'long enough\n', 'mount', '-l', 'zroot/secret').exit).toBe(0)
  })

  test('a clone has its origin’s files, and what was written to either stays there', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    host.tree.write('/zroot/a/file', 'first')
    host.outside('zfs', 'snapshot', 'zroot/a@s')
    host.outside('zfs', 'clone', 'zroot/a@s', 'zroot/c')
    host.tree.write('/zroot/a/file', 'second')
    expect(host.tree.read('/zroot/c/file')).toBe('first')
    expect(host.tree.read('/zroot/a/.zfs/snapshot/s/file')).toBe('first')
    expect(host.outside('zfs', 'rollback', 'zroot/a@s').exit).toBe(0)
    expect(host.tree.read('/zroot/a/file')).toBe('first')
  })
})

describe('snapshots', () => {
  test('zfs-8 several are taken together or not at all, with one createtxg', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {}, 'zroot/b': {} } })
    host.outside('zfs', 'snapshot', 'zroot/b@old')
    expect(host.outside('zfs', 'snapshot', 'zroot/a@old', 'zroot/b@old')).toMatchObject({ exit: 1 })
    expect(names(host, '-t', 'snapshot', '-r', 'zroot')).toEqual(['zroot/b@old'])
    host.outside('zfs', 'snapshot', 'zroot/a@s', 'zroot/b@s')
    const txgs = host.outside('zfs', 'get', '-Hp', '-o', 'value', 'createtxg', 'zroot/a@s', 'zroot/b@s').stdout
    expect(new Set(txgs.trim().split('\n')).size).toBe(1)
  })

  test('zfs-9 one held: none of the list goes; one missing: the others go', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    for (const name of ['1', '2', '3', '4']) host.outside('zfs', 'snapshot', `zroot/a@${name}`)
    host.outside('zfs', 'hold', 'keep', 'zroot/a@2')
    expect(host.outside('zfs', 'destroy', 'zroot/a@1,2').exit).toBe(1)
    expect(host.outside('zfs', 'destroy', 'zroot/a@1,9').exit).toBe(0)
    expect(host.outside('zfs', 'destroy', 'zroot/a@3%').exit).toBe(0)
    expect(names(host, '-t', 'snapshot', 'zroot/a')).toEqual(['zroot/a@2'])
  })

  test('zfs-10 a deferred one goes with its last hold and clone', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    host.outside('zfs', 'snapshot', 'zroot/a@s')
    host.outside('zfs', 'clone', 'zroot/a@s', 'zroot/c')
    host.outside('zfs', 'hold', 'keep', 'zroot/a@s')
    expect(host.outside('zfs', 'destroy', '-d', 'zroot/a@s').exit).toBe(0)
    host.outside('zfs', 'destroy', 'zroot/c')
    expect(names(host, '-t', 'snapshot', 'zroot/a')).toEqual(['zroot/a@s'])
    host.outside('zfs', 'release', 'keep', 'zroot/a@s')
    expect(names(host, '-t', 'snapshot', 'zroot/a')).toEqual([])
  })

  test('destroy -r of something mounted and busy has already taken its snapshots', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    host.outside('zfs', 'snapshot', 'zroot/a@s')
    host.tree.occupy('/zroot/a')
    expect(host.outside('zfs', 'destroy', '-r', 'zroot/a').exit).toBe(1)
    expect(names(host, '-t', 'all', '-r', 'zroot/a')).toEqual(['zroot/a'])
  })

  test('destroy -R takes clones elsewhere too, and -n only says so', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {}, 'zroot/c': { origin: 'zroot/a@s' } } })
    expect(host.outside('zfs', 'destroy', '-nR', '-p', 'zroot/a').stdout).toBe(
      'destroy\tzroot/c\ndestroy\tzroot/a@s\ndestroy\tzroot/a\n',
    )
    expect(host.outside('zfs', 'destroy', '-R', 'zroot/a').exit).toBe(0)
    expect(names(host)).toEqual(['zroot'])
  })

  test('live-11 rollback is refused when a later one exists', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    for (const name of ['1', '2']) host.outside('zfs', 'snapshot', `zroot/a@${name}`)
    expect(host.outside('zfs', 'rollback', 'zroot/a@1').exit).toBe(1)
    expect(host.outside('zfs', 'rollback', '-r', 'zroot/a@1').exit).toBe(0)
    expect(names(host, '-t', 'snapshot', 'zroot/a')).toEqual(['zroot/a@1'])
  })
})

describe('send and receive between hosts', () => {
  function pair() {
    const here = fakeFreeBSD({ datasets: { 'zroot/a': { atime: 'off' }, 'zroot/a/child': {} } })
    here.tree.write('/zroot/a/file', 'first')
    here.outside('zfs', 'snapshot', '-r', 'zroot/a@1')
    return { here, there: fakeFreeBSD({ datasets: { 'zroot/copies': { mountpoint: 'none' } } }) }
  }
  const send = (host: Fake, ...args: string[]) => host.outside('zfs', 'send', ...args).stdout
  const receive = (host: Fake, stream: string, ...args: string[]) => withInput(host, stream, 'receive', ...args)

  test('zfs-12 a whole, an increment, the same again; then the copy is modified', () => {
    const { here, there } = pair()
    expect(receive(there, send(here, 'zroot/a@1'), '-o', 'mountpoint=/copy', 'zroot/copies/a')).toMatchObject({
      exit: 0,
    })
    expect(there.tree.read('/copy/file')).toBe('first')
    here.tree.write('/zroot/a/file', 'second')
    here.outside('zfs', 'snapshot', 'zroot/a@2')
    const increment = send(here, '-i', '@1', 'zroot/a@2')
    expect(receive(there, increment, 'zroot/copies/a')).toMatchObject({ exit: 0 })
    expect(receive(there, increment, 'zroot/copies/a')).toMatchObject({ exit: 0, stderr: '' })
    expect(there.tree.read('/copy/file')).toBe('second')
    there.tree.write('/copy/file', 'mine')
    here.outside('zfs', 'snapshot', 'zroot/a@3')
    const last = send(here, '-i', '@2', 'zroot/a@3')
    expect(receive(there, last, 'zroot/copies/a').stderr).toMatch(/has been modified\nsince most recent snapshot/)
    expect(receive(there, last, '-F', 'zroot/copies/a')).toMatchObject({ exit: 0 })
    expect(there.tree.read('/copy/file')).toBe('second')
  })

  // As in test/zfs/replica.ts with OpenZFS 2.3.2; openzfs issue 18737.
  test('-x quota leaves it out of the whole stream and lets it into every other increment; -o quota=none holds', () => {
    const { here, there } = pair()
    here.outside('zfs', 'set', 'quota=1G', 'zroot/a')
    const quotaAfter = (number: number, ...options: string[]) => {
      here.outside('zfs', 'snapshot', `zroot/a@s${number}`)
      const from = number === 1 ? [] : ['-i', `@s${number - 1}`]
      receive(there, send(here, '-p', ...from, `zroot/a@s${number}`), '-u', ...options, 'zroot/copies/a')
      return there.outside('zfs', 'get', '-Hp', '-o', 'value', 'quota', 'zroot/copies/a').stdout.trim()
    }
    const excluded = ['-x', 'quota']
    expect([1, 2, 3, 4].map(number => quotaAfter(number, ...excluded))).toEqual(['0', '1073741824', '0', '1073741824'])
    expect([5, 6].map(number => quotaAfter(number, '-o', 'quota=none'))).toEqual(['0', '0'])
  })

  test('zfs-13 live-11 a tree with its properties: -x mountpoint for all, -o canmount for the top alone', () => {
    const { here, there } = pair()
    const stream = send(here, '-R', 'zroot/a@1')
    const options = ['-u', '-x', 'mountpoint', '-o', 'canmount=noauto']
    expect(receive(there, stream, ...options, 'zroot/copies/a')).toMatchObject({ exit: 0, stderr: '' })
    const get = there.outside(
      'zfs',
      'get',
      '-Hp',
      '-r',
      '-t',
      'filesystem',
      '-o',
      'property,value,source',
      'mountpoint,canmount,atime',
      'zroot/copies/a',
    )
    expect(get.stdout.split('\n')).toEqual([
      'mountpoint\tnone\tinherited from zroot/copies',
      'canmount\tnoauto\tlocal',
      'atime\toff\treceived',
      'mountpoint\tnone\tinherited from zroot/copies',
      'canmount\ton\tdefault',
      'atime\toff\tinherited from zroot/copies/a',
      '',
    ])
  })

  test('zfs-12 a cut stream leaves a token, which makes the rest come', () => {
    const { here, there } = pair()
    const stream = send(here, 'zroot/a@1')
    const cut = receive(there, stream.slice(0, stream.length - 30), '-s', '-u', 'zroot/copies/a')
    expect(cut.stderr).toMatch(/Partially received snapshot is saved/)
    expect(there.outside('zfs', 'snapshot', 'zroot/copies/a@x').stderr).toMatch(/dataset is busy/)
    const token = there
      .outside('zfs', 'get', '-Hp', '-o', 'value', 'receive_resume_token', 'zroot/copies/a')
      .stdout.trim()
    expect(receive(there, send(here, '-t', token), '-s', '-u', 'zroot/copies/a')).toMatchObject({ exit: 0 })
    expect(names(there, '-t', 'snapshot', 'zroot/copies/a')).toEqual(['zroot/copies/a@1'])
  })

  test.each([
    ['', 'cannot receive: failed to read from stream\n'],
    ['nonsense', 'cannot receive: invalid stream (bad magic number)\n'],
  ])('what is no stream: %j', (stream, stderr) => {
    expect(receive(pair().there, stream, 'zroot/copies/a')).toEqual({ exit: 1, stdout: '', stderr })
  })

  test('-I sends all between, and a bookmark is base enough for -i', () => {
    const { here, there } = pair()
    receive(there, send(here, 'zroot/a@1'), '-u', 'zroot/copies/a')
    here.outside('zfs', 'bookmark', 'zroot/a@1', '#one')
    for (const name of ['2', '3']) here.outside('zfs', 'snapshot', `zroot/a@${name}`)
    expect(receive(there, send(here, '-I', '@1', 'zroot/a@3'), '-u', 'zroot/copies/a')).toMatchObject({ exit: 0 })
    expect(names(there, '-t', 'snapshot', 'zroot/copies/a').map(name => name.split('@')[1])).toEqual(['1', '2', '3'])
    const other = fakeFreeBSD()
    receive(other, send(here, 'zroot/a@1'), '-u', 'zroot/b')
    expect(receive(other, send(here, '-i', '#one', 'zroot/a@3'), '-u', 'zroot/b')).toMatchObject({ exit: 0 })
  })
})
