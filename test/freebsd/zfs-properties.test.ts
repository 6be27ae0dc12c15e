import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  findProperty,
  firstVersionWith,
  humanSize,
  isHiddenFromAll,
  nativeNames,
  parseSize,
  printSize,
  UNLIMITED,
  versionShowing,
} from '../../modules/freebsd/zfs-properties.ts'
import { said } from './zfs-transcript.ts'

/** `available        NO       NO   <size>`, as `zfs get nosuchprop` lists what there is. */
const listed = [
  ...said('zfs get -Hp -o name,property,value,source nosuchprop').stderr.matchAll(
    /^\t(\w+) +(YES|NO) +(YES|NO) {3}(.+)$/gm,
  ),
].map(([, name = '', edit, inherit, values = '']) => ({ name, edit, inherit, values }))

describe('the table is what FreeBSD 14.2 (OpenZFS 2.2.6) lists', () => {
  test('the list was found', () => expect(listed).toHaveLength(84))

  test.each(listed)('$name: editable $edit, inheritable $inherit', ({ name, edit, inherit }) => {
    const property = findProperty(name, '2.2')
    expect(property).toMatchObject({ name, inheritable: inherit === 'YES' })
    expect(property?.settable === 'always' ? 'YES' : 'NO').toBe(edit)
  })

  test('and it lists nothing else, but for the hidden name of a dataset itself', () => {
    const others = nativeNames('2.2').filter(name => !listed.some(one => one.name === name))
    expect(others).toEqual(['name'])
  })

  test.each(
    listed.filter(({ name, values }) => findProperty(name, '2.2')?.settable !== 'never' && / \| /.test(values)),
  )('$name takes each of: $values', ({ name, values }) => {
    const property = findProperty(name, '2.2')
    const named = values.split(' | ').filter(value => /^[\w-]+$/.test(value))
    if (property?.kind === 'index') expect(named.filter(value => !property.names.has(value))).toEqual([])
    else if (named.includes('none')) expect(property?.none ?? property?.kind).toMatch(/zero|unlimited|string/)
    else expect(property?.kind).toMatch(/string|size/)
  })

  test('each property that `all` showed of a filesystem applies to filesystems', () => {
    const rows = said('zfs get -Hp -o name,property,value,source all').stdout.trim().split('\n')
    const names = rows.map(row => row.split('\t')[1] ?? '')
    expect(names.filter(name => findProperty(name, '2.2')?.types.includes('filesystem') !== true)).toEqual([])
  })
})

test('zfs-6 several names of one value are printed as the first', () => {
  const printed = (property: string, value: string, version?: '2.2' | '2.3' | '2.4') =>
    findProperty(property, version)?.names.get(value)
  expect(printed('compression', 'gzip-6')).toBe('gzip')
  expect(printed('compression', 'zstd-fast-1')).toBe('zstd-fast')
  expect(printed('compression', 'zstd-19')).toBe('zstd-19')
  expect(printed('acltype', 'noacl')).toBe('off')
  expect(printed('aclinherit', 'secure')).toBe('restricted')
  expect([printed('xattr', 'dir', '2.2'), printed('xattr', 'sa', '2.3'), printed('xattr', 'on', '2.4')]).toEqual([
    'on',
    'on',
    'sa',
  ])
})

test('aliases are the column names, in lower case', () => {
  const full = (alias: string) => findProperty(alias)?.name
  expect(['compress', 'recsize', 'refreserv', 'rdonly', 'volblock', 'sslimit'].map(full)).toEqual([
    'compression',
    'recordsize',
    'refreservation',
    'readonly',
    'volblocksize',
    'snapshot_limit',
  ])
})

test('names that are not in the table', () => {
  expect(findProperty('com.example:note')).toMatchObject({ user: true, inheritable: true, kind: 'string' })
  expect(findProperty('Com.example:note')).toBeUndefined()
  expect(findProperty('userquota@alice')).toMatchObject({ none: 'zero', kind: 'size', types: ['filesystem'] })
  expect(findProperty('groupobjquota@100')).toMatchObject({ kind: 'count', settable: 'always' })
  expect(findProperty('userused@alice')).toMatchObject({ settable: 'never' })
  expect(findProperty('written@monday')).toMatchObject({ settable: 'never' })
  expect(findProperty('userquota@a,b')).toBeUndefined()
  expect(['userquota@x', 'written#b', 'quota', 'a:b'].map(isHiddenFromAll)).toEqual([true, true, false, false])
})

test('versions are told apart by what they have', () => {
  expect(
    ['prefetch', 'longname', 'direct', 'volthreading', 'defaultuserquota', 'nonsense'].map(firstVersionWith),
  ).toEqual(['2.2', '2.3', '2.3', '2.3', '2.4', undefined])
  for (const version of ['2.2', '2.3', '2.4'] as const)
    expect(versionShowing(new Set(nativeNames(version)))).toBe(version)
  expect(versionShowing(new Set(['quota']))).toBeUndefined()
})

describe('numbers as zfs(8) reads them', () => {
  test.each([
    ['16384', 16384n],
    ['16K', 16384n],
    ['16k', 16384n],
    ['16KB', 16384n],
    ['16kIb', 16384n],
    ['1.5T', 1649267441664n],
    ['.5K', 512n],
    ['1.', 1n],
    ['1.5', 1n],
    ['512B', 512n],
    ['0', 0n],
    ['18446744073709551615', UNLIMITED],
    ['16E', undefined],
    ['16.0E', undefined],
    ['1Z', undefined],
    ['0.001Z', 1180591620717411328n],
    ['18446744073709551616', undefined],
    ['512BB', undefined],
    ['512BiB', undefined],
    ['1Ki', undefined],
    ['1e3', undefined],
    ['-1', undefined],
    ['', undefined],
    ['.', undefined],
    ['K', undefined],
    ['12 K', undefined],
  ])('%s is %s', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  test('what is printed reads back the same', () =>
    fc.assert(fc.property(fc.bigInt(0n, UNLIMITED), bytes => parseSize(printSize(bytes)) === bytes)))

  test('what is printed for people is near', () =>
    fc.assert(
      fc.property(fc.bigInt(1n, 2n ** 62n), bytes => {
        const near = Number(parseSize(humanSize(bytes)))
        return Math.abs(near - Number(bytes)) <= Number(bytes) * 0.06
      }),
    ))

  test('examples', () => {
    expect([10n * 1024n ** 3n, 1610612736n, 513n, 0n].map(printSize)).toEqual(['10G', '1536M', '513B', '0B'])
    expect([10737418240n, 10952166605n, 1025n].map(humanSize)).toEqual(['10G', '10.2G', '1025B'])
  })
})
