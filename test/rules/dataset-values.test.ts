import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Dataset } from '../../modules/freebsd/zfs.ts'
import { type DatasetType, findProperty, humanSize, nativeNames } from '../../modules/freebsd/zfs-properties.ts'
import { compareProperty, describeValue, objectToCreation } from '../../modules/rules/dataset/properties.ts'
import { knownFrom, normalizeWanted, type Wanted } from '../../modules/rules/dataset/values.ts'
import { filesystem, knows, ON_2_2, volume } from './datasets-of-a-host.ts'

const spelled = (
  name: string,
  value: string | number | boolean | null,
  type: DatasetType = 'filesystem',
  known = ON_2_2,
) => {
  const wanted = normalizeWanted(name, value, type, known)
  return 'refusal' in wanted ? wanted.refusal : `${wanted.property}=${wanted.value}`
}

test('which OpenZFS runs is seen from what it shows', () => {
  expect(ON_2_2.version).toBe('2.2')
  expect(knownFrom([filesystem({ longname: 'off default' })]).version).toBe('2.3')
  expect(knownFrom([volume(), filesystem({ longname: 'off default', defaultuserquota: '0 default' })]).version).toBe(
    '2.4',
  )
  expect(knownFrom([]).version).toBeUndefined()
})

describe('values as playbooks write them', () => {
  test.each([
    ['compress', 'lz4', 'compression=lz4'],
    ['refreserv', '16KiB', 'refreservation=16384'],
    ['atime', 'True', 'atime=on'],
    ['atime', 'ON', 'atime=on'],
    ['dedup', false, 'dedup=off'],
    ['encryption', true, 'encryption=aes-256-gcm'],
    ['normalization', 'formd', 'normalization=formD'],
    ['copies', 2, 'copies=2'],
    ['version', 'current', 'version=5'],
    ['sharenfs', true, 'sharenfs=on'],
    ['sharenfs', 'ON', 'sharenfs=ON'],
    ['reservation', 'none', 'reservation=none'],
    ['reservation', 0, 'reservation=none'],
    ['special_small_blocks', 'none', 'special_small_blocks=0'],
    ['filesystem_limit', '1K', 'filesystem_limit=1024'],
    ['mountpoint', '//srv///h/', 'mountpoint=/srv/h'],
    ['mountpoint', '/', 'mountpoint=/'],
    ['site:number', 7, 'site:number=7'],
    ['site:empty', '', 'site:empty='],
    ['site:flag', false, 'site:flag=false'],
    ['site:flag', 'inherit', 'site:flag=null'],
    ['userquota@joe', '0.5K', 'userquota@joe=512'],
  ])('%s: %j is %s', (name, value, expected) => expect(spelled(name, value)).toBe(expected))

  test('some depend on the version', () => {
    expect(spelled('special_small_blocks', '100K')).toMatch(/is 0 or a power of 2 from 512B to 16M/)
    expect(spelled('special_small_blocks', '100K', 'volume', knows('2.4'))).toBe('special_small_blocks=102400')
    expect(spelled('snapdir', 'disabled', 'filesystem', knows('2.3'))).toBe('snapdir=disabled')
    expect(spelled('longname', true, 'filesystem', { version: undefined, shown: new Set() })).toBe('longname=on')
  })

  test('a property of a later OpenZFS is taken as it stands where the host shows it', () => {
    const known = { version: '2.4', shown: new Set(['shininess']) } as const
    expect(spelled('shininess', 'very', 'filesystem', known)).toBe('shininess=very')
    const dataset = filesystem({ shininess: 'very inherited from zroot' })
    expect(compareProperty({ property: 'shininess', value: 'very' }, dataset, { known })).toEqual({ kind: 'same' })
  })
})

describe('what ZFS would refuse is refused before, with the reason', () => {
  test.each([
    ['used', '1G', 'used is read-only: ZFS itself gives it its value.'],
    ['userused@joe', '1G', 'userused@joe is read-only: ZFS itself gives it its value.'],
    ['volsize', '1G', 'volsize does not apply to a filesystem, only to a volume.'],
    ['casesensitivity', null, 'casesensitivity cannot be inherited: give a value, or leave it out.'],
    ['atime', 'maybe', "atime cannot be 'maybe'. Possible: on, off."],
    ['snapdir', true, "snapdir cannot be 'true'. Possible: hidden, visible."],
    ['quota', true, "quota is no switch: 'true' means nothing there."],
    ['mountpoint', false, "mountpoint is no switch: 'false' means nothing there."],
    ['quota', 1.5, "quota cannot be the number 1.5: write it as a string, with its unit, like '1.5G'."],
    [
      'quota',
      2 ** 60,
      "quota cannot be the number 1152921504606847000: write it as a string, with its unit, like '1.5G'.",
    ],
    [
      'quota',
      '1.5',
      "quota cannot be '1.5': write a number of bytes, or one with a unit, like '16K' or '1.5G', or 'none'.",
    ],
    [
      'quota',
      -1,
      "quota cannot be '-1': write a number of bytes, or one with a unit, like '16K' or '1.5G', or 'none'.",
    ],
    ['quota', '', "quota cannot be '': write a number of bytes, or one with a unit, like '16K' or '1.5G', or 'none'."],
    ['filesystem_limit', 'many', "filesystem_limit cannot be 'many': write a number, or 'none'."],
    ['recordsize', '32M', 'recordsize cannot be 32M: it is a power of 2 from 512B to 16M.'],
    ['recordsize', 'none', 'recordsize cannot be 0B: it is a power of 2 from 512B to 16M.'],
    [
      'compression',
      'gzip-10',
      "compression cannot be 'gzip-10'. Did you mean 'gzip-1'? Possible: on, off, lzjb, gzip, gzip-1..5, gzip-7..9, zle, lz4, zstd, zstd-1..19, zstd-fast, zstd-fast-2..10, zstd-fast-20, zstd-fast-30, zstd-fast-40, zstd-fast-50, zstd-fast-60, zstd-fast-70, zstd-fast-80, zstd-fast-90, zstd-fast-100, zstd-fast-500, zstd-fast-1000.",
    ],
    ['mountpoint', 'srv', "mountpoint cannot be 'srv': it is an absolute path, 'none' or 'legacy'."],
    ['mountpoint', '/a\nb', 'mountpoint cannot contain a tab, a line break or another control character.'],
    ['mountpoint', `/${'a'.repeat(256)}`, 'mountpoint has a component longer than 255 bytes.'],
    [
      'keylocation',
      '/k',
      "keylocation cannot be '/k': it is 'prompt' or a URL beginning with file:///, https:// or http://.",
    ],
    ['sharenfs', 'x'.repeat(1024), 'sharenfs is longer than 1023 bytes.'],
    ['site:x', 'x'.repeat(8192), 'site:x is longer than 8191 bytes.'],
    ['site:x', 'a\0b', 'site:x cannot hold a NUL character.'],
    [
      'Site:X',
      'a',
      "'Site:X' cannot name a property of your own: lower-case letters, digits and : . _ - are possible, up to 255 of them.",
    ],
    ['userquota@a,b', '1', "there is no property 'userquota@a,b': after the '@' comes one user, group or project."],
    [
      'nocolon',
      '1',
      "there is no property 'nocolon' in OpenZFS 2.2. One of your own has a colon in its name, like 'site:nocolon'.",
    ],
  ])('%s: %j', (name, value, refusal) => expect(spelled(name, value)).toBe(refusal))

  test('on a volume', () => {
    expect(spelled('recordsize', '16K', 'volume')).toBe('recordsize does not apply to a volume, only to a filesystem.')
    expect(spelled('volsize', 0, 'volume')).toBe('volsize cannot be 0.')
    expect(spelled('volblocksize', '9K', 'volume')).toMatch(/^volblocksize cannot be 9K: it is a power of 2/)
  })
})

describe('whatever the value', () => {
  const versions = fc.constantFrom(ON_2_2, knows('2.3'), knows('2.4'))
  const names = fc.constantFrom(...nativeNames(), 'a:b', 'userquota@joe', 'groupobjquota@7', 'compress')
  const values = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.nat(),
    fc.constantFrom(
      '-',
      'none',
      'on',
      'off',
      'auto',
      'legacy',
      '/a//b/',
      '16K',
      '1.5G',
      'prompt',
      'file:///k',
      'sa',
      'dir',
      'gzip-6',
      '512',
    ),
  )
  const types = fc.constantFrom<DatasetType>('filesystem', 'volume')
  const accepted = (check: (wanted: Wanted, type: DatasetType, known: typeof ON_2_2) => void) =>
    fc.assert(
      fc.property(names, values, types, versions, (name, value, type, known) => {
        const wanted = normalizeWanted(name, value, type, known)
        if (!('refusal' in wanted)) check(wanted, type, known)
      }),
      { numRuns: 2000 },
    )

  test('what normalizeWanted says it takes again, and says the same', () =>
    accepted((wanted, type, known) =>
      expect(normalizeWanted(wanted.property, wanted.value, type, known)).toEqual(wanted),
    ))

  test('a dataset that shows what was set has it, and nothing is done', () =>
    accepted((wanted, type, known) => {
      fc.pre(wanted.value !== null && wanted.value !== 'auto')
      const dataset: Dataset = {
        name: 'zroot/a',
        type,
        properties: new Map([[wanted.property, { value: wanted.value ?? '', source: 'local' }]]),
      }
      expect(compareProperty(wanted, dataset, { known })).toEqual({ kind: 'same' })
    }))
})

test('values for people', () => {
  const quota = findProperty('quota')
  if (quota === undefined) throw new Error('no quota')
  expect(['10737418240', 'none'].map(value => describeValue(quota, value))).toEqual([humanSize(10737418240n), 'none'])
})

describe('what cannot be created so', () => {
  const parent = filesystem({ encryption: 'off default' })
  const encrypted = filesystem({ encryption: 'aes-256-gcm -' })
  const jailed = filesystem({ jailed: 'on local' })
  const wants = (values: Record<string, string | null>): Wanted[] =>
    Object.entries(values).map(([property, value]) => ({ property, value }))

  test.each([
    [{}, 'filesystem', volume(), 'zroot/hosting/vol is a volume, and only a filesystem can have datasets below it.'],
    [{}, 'volume', parent, 'a volume needs a size: give volsize.'],
    [
      { mountpoint: '/x' },
      'filesystem',
      jailed,
      'mountpoint cannot be set from the host below zroot/hosting/db, where jailed is on.',
    ],
    [
      { normalization: 'formD', utf8only: 'off' },
      'filesystem',
      parent,
      'utf8only cannot be off where normalization is wanted.',
    ],
    [{ keyformat: 'hex' }, 'filesystem', parent, 'keyformat needs encryption: give that too.'],
    [
      { keylocation: 'prompt', encryption: 'off' },
      'filesystem',
      undefined,
      'keylocation needs encryption: give that too.',
    ],
    [{ encryption: 'aes-256-gcm' }, 'filesystem', parent, 'encryption needs a keyformat: passphrase, hex or raw.'],
  ] as const)('%j as %s', (values, type, above, reason) =>
    expect(objectToCreation(wants(values), type, above)).toBe(reason),
  )

  test.each([
    [{ mountpoint: null, quota: 'none' }, 'filesystem', jailed],
    [{ volsize: '1048576' }, 'volume', parent],
    [{ encryption: 'aes-256-gcm' }, 'filesystem', encrypted],
    [{ keyformat: 'hex' }, 'filesystem', encrypted],
    [{ encryption: 'aes-256-gcm', keyformat: 'passphrase', keylocation: 'prompt' }, 'filesystem', undefined],
  ] as const)('%j as %s can', (values, type, above) =>
    expect(objectToCreation(wants(values), type, above)).toBeUndefined(),
  )
})
