/** Each row: what a task says, the state of the host, and the very words it is answered with. Nothing is changed by any. */
import { expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { converged, refusal } from './support.ts'

const state = {
  pools: { zroot: {} },
  datasets: { 'zroot/a': { mountpoint: 'none' } },
  commands: [['zfs', 'create', '-V', '1G', 'zroot/vol']],
}

test.each<[string, object, string | RegExp]>([
  ['neither name nor datasets', {}, 'give either `name`, for one dataset, or `datasets`, for a list of them'],
  ['both', { name: 'zroot/a', datasets: [] }, 'give either `name`, for one dataset, or `datasets`, for a list of them'],
  [
    'an unknown option',
    { name: 'zroot/a', propertys: {} },
    /^there is no option 'propertys'; did you mean 'properties'\? Known are: name, datasets, state, /,
  ],
  ['an unknown state', { name: 'zroot/a', state: 'gone' }, 'state: "gone" is not one of: present, absent'],
  [
    'a name with a line break',
    { datasets: [{ name: 'zroot/a\nb' }] },
    'datasets[0].name: "zroot/a\\nb" is not text of a single line',
  ],
  [
    'a name with a leading dash',
    { name: '-r' },
    'the dataset name "-r" cannot be used: it begins with \'-\', as an option would',
  ],
  [
    'a path',
    { name: '/zroot/a' },
    /cannot be used: it begins with '\/': a dataset's name starts with its pool's, not with a path$/,
  ],
  ['a snapshot', { name: 'zroot/a@s' }, /cannot be used: it contains '@', which makes it a snapshot's$/],
  ['a dataset listed twice', { datasets: ['zroot/a', 'zroot/a'] }, 'zroot/a is listed twice'],
  [
    'a mode that is none',
    { name: 'zroot/a', mode: 'rwx' },
    'mode: "rwx" is not a mode in octal digits, such as \'0700\'',
  ],
  [
    'an unknown property',
    { name: 'zroot/a', properties: { compresion: 'lz4' } },
    /^zroot\/a: there is no property 'compresion' in OpenZFS 2\.2\. Did you mean 'compression'\?/,
  ],
  [
    'a bad value',
    { name: 'zroot/a', properties: { compression: 'lz5' } },
    /^zroot\/a: compression cannot be 'lz5'\. Did you mean 'lz4'\?/,
  ],
  [
    'a record size that is no power of 2',
    { name: 'zroot/a', properties: { recordsize: '100K' } },
    'zroot/a: recordsize cannot be 100K: it is a power of 2 from 512B to 16M.',
  ],
  [
    'a property of a newer ZFS',
    { name: 'zroot/a', properties: { longname: 'on' } },
    'zroot/a: longname needs OpenZFS 2.3; this host has 2.2.',
  ],
  [
    'one property under two names',
    { name: 'zroot/a', properties: { compress: 'lz4', compression: 'zstd' } },
    'zroot/a: compression is given twice, under two names.',
  ],
  [
    'an immutable property',
    { name: 'zroot/a', properties: { casesensitivity: 'insensitive' } },
    'zroot/a: casesensitivity is fixed when a filesystem is created; it is sensitive here, not insensitive. Make a new one and copy what is in it.',
  ],
  [
    'a volume where a filesystem is',
    { name: 'zroot/a', properties: { volsize: '1G' } },
    /zroot\/a is a filesystem, and a volume was asked for\. Choose another name, or move this one out of the way by hand\./,
  ],
  [
    'a smaller volume',
    { name: 'zroot/vol', properties: { volsize: '512M' } },
    'zroot/vol: volsize would shrink from 1G to 512M, and what lies beyond is lost. If that is meant, say allow_shrink: true.',
  ],
  [
    'a dataset below a volume',
    { name: 'zroot/vol/x' },
    'zroot/vol/x cannot be created: zroot/vol is a volume, and only a filesystem can have datasets below it.',
  ],
  [
    'encryption of what exists',
    { name: 'zroot/a', key: 'correct horse' },
    'zroot/a is not encrypted, and a dataset can only be encrypted when it is created. Leave out `key`, or make a new dataset.',
  ],
  [
    'encryption without a key',
    { name: 'zroot/x', properties: { encryption: 'on', keyformat: 'passphrase' } },
    'zroot/x cannot be created: encryption needs a key: give `key`, or a keylocation that ZFS can read it from.',
  ],
  [
    'a passphrase that is too short',
    { name: 'zroot/x', properties: { encryption: 'on', keyformat: 'passphrase' }, key: 'short' },
    'zroot/x cannot be created: a passphrase has 8 to 512 characters.',
  ],
  [
    'a pool that is not there',
    { name: 'tank/a' },
    "tank/a is to be in the pool 'tank', which does not exist: create or import it ('zpool import').",
  ],
  [
    'options of presence with absence',
    { name: 'zroot/a', state: 'absent', mounted: true, key: 'x' },
    'zroot/a: with state=absent these mean nothing: mounted, key',
  ],
  [
    'a quota that cannot be inherited',
    { name: 'zroot/a', properties: { quota: null } },
    "zroot/a: quota cannot be inherited: write 'none'.",
  ],
])('%s', async (_what, options, message) => {
  const host = fakeFreeBSD(state)
  const said = await refusal(host, options)
  if (typeof message === 'string') expect(said).toBe(message)
  else expect(said).toMatch(message)
  expect(host.performed).toEqual([])
})

test('zfs-5 zfs.md §3 case 9: a quota below what is used is refused with both numbers, and nothing else is done', async () => {
  const host = fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/a': { refreservation: '8G' } } })
  expect(
    await refusal(host, {
      datasets: [{ name: 'zroot/new' }, { name: 'zroot/a', properties: { quota: '5G', atime: false } }],
    }),
  ).toMatch(/^zroot\/a: quota cannot become 5G: 8(\.0)?G are in use \(used\)\. Free space, or choose a larger one\.$/)
  expect(host.performed).toEqual([])
})

test('every problem of every dataset is told at once, up to ten', async () => {
  const host = fakeFreeBSD({ pools: { zroot: {} } })
  const datasets = Array.from({ length: 12 }, (_, index) => ({
    name: `zroot/d${index}`,
    properties: { nonsense: index },
  }))
  const said = await refusal(host, { datasets })
  expect(said.match(/there is no property 'nonsense'/g)).toHaveLength(10)
  expect(said).toMatch(/And 2 more\.$/)
})

test.each<[string, Parameters<ReturnType<typeof fakeFreeBSD>['machine']['fault']>[0], RegExp]>([
  ['is missing', { program: 'zfs', kind: 'missing' }, /^the program 'zfs' was not found on this host\./],
  [
    'hangs',
    { program: 'zfs', kind: 'hang' },
    /^'zfs get .* did not end within \d+ s and was stopped\. See what holds it up/,
  ],
  [
    'is killed',
    { program: 'zfs', kind: 'kill' },
    /^'zfs get .* was ended by SIGKILL before it finished\. Run this again to complete the work\.$/,
  ],
  [
    'prints nonsense',
    { program: 'zfs', kind: 'garbage' },
    /^cannot read what 'zfs get -Hp -o name,property,value,source' printed: ".*"\. Please report this line\.$/,
  ],
  [
    'fails for a reason of its own',
    { program: 'zfs', kind: 'exit', exit: 1, stderr: 'internal error: out of memory\n' },
    /^'zfs get .* failed with exit status 1: internal error: out of memory$/,
  ],
])('a zfs that %s', async (_what, fault, message) => {
  const host = fakeFreeBSD(state)
  host.machine.fault(fault)
  expect(await refusal(host, { name: 'zroot/a', properties: { atime: false } })).toMatch(message)
  expect(host.performed).toEqual([])
})

test('a zfs that fails halfway leaves a report of what was done, and a second run finishes', async () => {
  const host = fakeFreeBSD(state)
  const options = { datasets: ['zroot/x', 'zroot/y', { name: 'zroot/a', properties: { atime: false } }] }
  host.machine.fault({
    program: 'zfs',
    kind: 'exit',
    exit: 1,
    stderr: 'cannot create: pool I/O is currently suspended\n',
    when: args => args[0] === 'create' && args.includes('zroot/y'),
  })
  expect(await refusal(host, options)).toBe(
    "'zfs create zroot/y' failed with exit status 1: cannot create: pool I/O is currently suspended. Before it, 1 step(s) were done; run this again to finish.",
  )
  host.machine.faults.length = 0
  expect((await converged(host, options)).steps).toEqual(['zfs create zroot/y', 'zfs set atime=off zroot/a'])
})
