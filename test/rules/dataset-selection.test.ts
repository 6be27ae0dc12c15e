/** Which properties a zfs_dataset task has read. */
import { expect, test } from 'vitest'
import type { Dataset } from '../../modules/freebsd/zfs.ts'
import { requestsOf } from '../../modules/rules/dataset/requests.ts'
import { datasetsToMeasure, propertiesToRead } from '../../modules/rules/dataset/selection.ts'

const toRead = (task: object) => propertiesToRead(requestsOf({ name: 'zroot/a', ...task }))
const USUAL = ['mountpoint', 'mounted', 'canmount', 'origin', 'encryption', 'encryptionroot', 'keystatus', 'jailed']

test('those that the task speaks of, by their full names, and what decides about them', () => {
  expect(toRead({})).toEqual(USUAL)
  expect(toRead({ properties: { recsize: '16K', mountpoint: 'legacy', 'site:owner': 'anna' } })).toEqual([
    ...USUAL,
    'recordsize',
    'site:owner',
  ])
  expect(toRead({ properties: { quota: '1G' } })).toEqual([...USUAL, 'quota'])
  expect(toRead({ sparse: true })).toEqual([...USUAL, 'volsize', 'volblocksize', 'refreservation'])
  expect(toRead({ properties: { 'userquota@anna': '1G' } })).toEqual(USUAL)
})

test('all of them where it depends on the version of ZFS what a property is, or whether there is one', () => {
  for (const property of ['xattr', 'snapdir', 'special_small_blocks', 'direct', 'nosuchprop', 'defaultuserquota'])
    expect([property, toRead({ properties: { atime: false, [property]: 'x' } })]).toEqual([property, undefined])
})

test('how full a dataset is matters only where its limit is to change', () => {
  const state = (value: string) => ({ value, source: 'local' })
  const dataset = (name: string, quota: string, more: Record<string, string> = {}): [string, Dataset] => [
    name,
    {
      name,
      type: 'filesystem',
      properties: new Map(Object.entries({ quota, ...more }).map(([property, value]) => [property, state(value)])),
    },
  ]
  const datasets = new Map([
    dataset('zroot/same', '1073741824'),
    dataset('zroot/other', '1024'),
    dataset('zroot/known', '1024', { used: '1', referenced: '1' }),
    dataset('zroot/former', 'none'),
  ])
  const requests = requestsOf({
    properties: { quota: '1G' },
    datasets: [
      ...['zroot/same', 'zroot/other', 'zroot/known', 'zroot/missing'].map(name => ({ name })),
      { name: 'zroot/renamed', renamed_from: 'zroot/former' },
    ],
  })
  expect(datasetsToMeasure(requests, datasets)).toEqual(['zroot/other', 'zroot/former'])
})
