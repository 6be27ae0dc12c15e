/** Which properties a zfs_dataset task has read. */
import { expect, test } from 'vitest'
import { requestsOf } from '../../modules/rules/dataset/requests.ts'
import { propertiesToRead } from '../../modules/rules/dataset/selection.ts'

const toRead = (task: object) => propertiesToRead(requestsOf({ name: 'zroot/a', ...task }))
const USUAL = ['mountpoint', 'mounted', 'canmount', 'origin', 'encryption', 'encryptionroot', 'keystatus', 'jailed']

test('those that the task speaks of, by their full names, and what they are held against', () => {
  expect(toRead({})).toEqual(USUAL)
  expect(toRead({ properties: { recsize: '16K', mountpoint: 'legacy', 'site:owner': 'anna' } })).toEqual([
    ...USUAL,
    'recordsize',
    'site:owner',
  ])
  expect(toRead({ properties: { quota: '1G' } })).toEqual([...USUAL, 'quota', 'used'])
  expect(toRead({ properties: { refquota: '1G' } })).toEqual([...USUAL, 'refquota', 'referenced'])
  expect(toRead({ sparse: true })).toEqual([...USUAL, 'volsize', 'volblocksize', 'refreservation'])
  expect(toRead({ properties: { 'userquota@anna': '1G' } })).toEqual(USUAL)
})

test('all of them where it depends on the version of ZFS what a property is, or whether there is one', () => {
  for (const property of ['xattr', 'snapdir', 'special_small_blocks', 'direct', 'nosuchprop', 'defaultuserquota'])
    expect([property, toRead({ properties: { atime: false, [property]: 'x' } })]).toEqual([property, undefined])
})
