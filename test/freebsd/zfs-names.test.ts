import { describe, expect, test } from 'vitest'
import { datasetNameProblem, parentOf, poolOf, snapshotNameProblem } from '../../modules/freebsd/zfs-names.ts'

describe('names of datasets', () => {
  test.each([
    'zroot',
    'zroot/hosting',
    'zroot/hosting/bad name',
    'a/b-c_d.e:f',
    'a/-x',
    `a/${'b'.repeat(253)}`,
    'mirror1/x',
  ])('zfs-1 %s can be used', name => expect(datasetNameProblem(name)).toBeUndefined())

  test.each([
    ['', 'it is empty'],
    ['-x', "it begins with '-', as an option would"],
    ['/zroot/x', "it begins with '/': a dataset's name starts with its pool's, not with a path"],
    ['zroot/x/', "it ends with '/'"],
    ['zroot//x', "it contains '//', an empty component"],
    ['zroot/a\nb', 'it contains a line break'],
    ['zroot/a@b', "it contains '@', which makes it a snapshot's"],
    ['zroot/a#b', "it contains '#', which makes it a bookmark's"],
    ['zroot/%recv', "it contains '%', which ZFS keeps for datasets being received"],
    ['zroot/a\tb', 'it contains "\\t": letters of a to z and A to Z, digits, space and _ . : - are possible'],
    ['zroot/käse', 'it contains "ä": letters of a to z and A to Z, digits, space and _ . : - are possible'],
    ['zroot/a=b', 'it contains "=": letters of a to z and A to Z, digits, space and _ . : - are possible'],
    ['zroot/../x', "a component of it is '.' or '..'"],
    ['zroot/.', "a component of it is '.' or '..'"],
    [`a/${'b'.repeat(254)}`, 'it has 256 characters, and 255 are possible'],
    [`a${'/b'.repeat(50)}`, 'it is 51 components deep, and 50 are possible'],
    ['1tank/x', "the pool's name '1tank' does not begin with a letter"],
    ['mirror/x', "'mirror' is a reserved word and cannot be a pool's name"],
  ])('%j is refused', (name, problem) => expect(datasetNameProblem(name)).toBe(problem))
})

test.each([
  ['zroot/a@b c', undefined],
  ['zroot/a', "it has no '@' and so names no snapshot"],
  ['zroot/a@b@c', "it contains '@' twice"],
  ['zroot/a@', "nothing follows its '@'"],
  ['zroot/a@b/c', "'b/c' contains what a snapshot's name cannot"],
  ['-a@b', "it begins with '-', as an option would"],
])('the snapshot %j', (name, problem) => expect(snapshotNameProblem(name)).toBe(problem))

test('pool and parent', () => {
  expect(['zroot', 'zroot/a', 'zroot@s', 'zroot/a#b'].map(poolOf)).toEqual(['zroot', 'zroot', 'zroot', 'zroot'])
  expect(['zroot', 'zroot/a', 'zroot/a/b'].map(parentOf)).toEqual([undefined, 'zroot', 'zroot/a'])
})
