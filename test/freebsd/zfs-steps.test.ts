import { describe, expect, test } from 'vitest'
import { describeStep } from '../../modules/core/step.ts'
import { COMMAND_BYTES } from '../../modules/freebsd/zfs.ts'
import {
  cloneSnapshot,
  createFilesystem,
  createVolume,
  destroyDataset,
  inheritProperties,
  loadKey,
  mountDataset,
  promoteClone,
  renameDataset,
  setProperties,
  unmountDataset,
} from '../../modules/freebsd/zfs-steps.ts'
import { transcript } from './zfs-transcript.ts'

const KEY = 'correct horse battery'

test('commands as a person would write them', () => {
  const steps = [
    createFilesystem('zroot/hosting/db', [
      ['recordsize', '16384'],
      ['mountpoint', 'legacy'],
    ]),
    createFilesystem('zroot/bad name', [], { unmounted: true }),
    createVolume('zroot/v', '104857600', [['volblocksize', '16384']]),
    createVolume('zroot/s', '1073741824', [], { sparse: true }),
    cloneSnapshot('zroot/a@s', 'zroot/c', [['readonly', 'on']]),
    renameDataset('zroot/a', 'zroot/b'),
    renameDataset('zroot/a', 'zroot/b', { unmounted: true }),
    promoteClone('zroot/c'),
    destroyDataset('zroot/a'),
    destroyDataset('zroot/a', { recursive: true }),
    mountDataset('zroot/a'),
    unmountDataset('zroot/a'),
    loadKey('zroot/a'),
  ]
  expect(steps.map(describeStep)).toEqual([
    'zfs create -o recordsize=16384 -o mountpoint=legacy zroot/hosting/db',
    "zfs create -u 'zroot/bad name'",
    'zfs create -V 104857600 -o volblocksize=16384 zroot/v',
    'zfs create -s -V 1073741824 zroot/s',
    'zfs clone -o readonly=on zroot/a@s zroot/c',
    'zfs rename zroot/a zroot/b',
    'zfs rename -u zroot/a zroot/b',
    'zfs promote zroot/c',
    'zfs destroy zroot/a',
    'zfs destroy -r zroot/a',
    'zfs mount zroot/a',
    'zfs unmount zroot/a',
    'zfs load-key zroot/a',
  ])
})

describe('keys', () => {
  test('zfs.md §3 case 43: a key goes to standard input and never into the command', () => {
    const settings = [
      ['encryption', 'aes-256-gcm'],
      ['keyformat', 'passphrase'],
      ['keylocation', 'file:///k'],
    ] as const
    const steps = [
      createFilesystem('zroot/a', settings, { key: KEY }),
      createVolume('zroot/v', '1048576', settings, { key: KEY }),
      loadKey('zroot/a', KEY),
    ]
    expect(steps.map(step => step.input)).toEqual([`${KEY}\n`, `${KEY}\n`, `${KEY}\n`])
    expect(steps.map(describeStep)).toEqual([
      'zfs create -o encryption=aes-256-gcm -o keyformat=passphrase -o keylocation=prompt zroot/a',
      'zfs create -V 1048576 -o encryption=aes-256-gcm -o keyformat=passphrase -o keylocation=prompt zroot/v',
      'zfs load-key -L prompt zroot/a',
    ])
  })

  test('without one, keylocation stays as wanted', () => {
    expect(describeStep(createFilesystem('zroot/a', [['keylocation', 'file:///k']]))).toContain('keylocation=file:///k')
  })
})

test('a volume is created with its size by -V, and refreservation=auto is what it gets anyhow', () => {
  const step = createVolume('zroot/v', '1', [
    ['volsize', '1'],
    ['refreservation', 'auto'],
    ['snapdev', 'hidden'],
  ])
  expect(describeStep(step)).toBe('zfs create -V 1 -o snapdev=hidden zroot/v')
})

describe('setting', () => {
  test('zfs-4 zfs-14 zfs.md §3 case 50: equal changes share a command, in the order they came', () => {
    const change = [
      ['compression', 'zstd'],
      ['atime', 'on'],
    ] as const
    const steps = setProperties([
      ['zroot/hosting/db', change],
      ['zroot/x', [['quota', 'none']]],
      ['zroot/hosting', [...change]],
      ['zroot/same', []],
    ])
    expect(steps.map(describeStep)).toEqual([
      'zfs set compression=zstd atime=on zroot/hosting/db zroot/hosting',
      'zfs set quota=none zroot/x',
    ])
    expect(transcript.map(line => line.cmd)).toContain(steps.map(describeStep)[0])
  })

  test('zfs-4 inherit takes one property and many datasets', () => {
    const changes = [
      ['zroot/a', 'compression'],
      ['zroot/a', 'atime'],
      ['zroot/b', 'compression'],
    ] as const
    expect(inheritProperties(changes).map(describeStep)).toEqual([
      'zfs inherit compression zroot/a zroot/b',
      'zfs inherit atime zroot/a',
    ])
    expect(inheritProperties([['zroot/a', 'atime']], { received: true }).map(describeStep)).toEqual([
      'zfs inherit -S atime zroot/a',
    ])
  })

  test('net-5 no command is longer than FreeBSD takes', () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `zroot/${String(index).padStart(90, 'x')}`)
    const steps = [
      ...setProperties(names.map(name => [name, [['atime', 'off']]])),
      ...inheritProperties(names.map(name => [name, 'atime'])),
    ]
    expect(steps).toHaveLength(6)
    const bytes = steps.map(({ command }) => command.reduce((sum, word) => sum + word.length + 1, 0))
    expect(Math.max(...bytes)).toBeLessThanOrEqual(COMMAND_BYTES)
    expect(steps.slice(0, 3).flatMap(({ command }) => command.slice(3))).toEqual(names)
  })
})
