/** What zfs_dataset does, by the commands it plans and what the host is afterwards. */
import { describe, expect, test } from 'vitest'
import type { Host } from '../../modules/core/host.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { converged, foretold, refusal } from './support.ts'

const names = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `zroot/d${from + index}`)

describe('many datasets', () => {
  test('zfs-14 zfs.md §3 case 50: 200 datasets, 3 missing and 5 differing alike, are one read, three creations and one change', async () => {
    const existing = names(0, 197).map((name, index) => [name, { compression: index < 5 ? 'lz4' : 'zstd' }] as const)
    const host = fakeFreeBSD({ pools: { zroot: {} }, datasets: Object.fromEntries(existing) })
    const options = { datasets: names(0, 200), properties: { compression: 'zstd' } }

    expect((await foretold(host, options)).changed).toBe(true)
    expect(host.counts).toEqual({ zfs: 1 })

    const report = await converged(host, options)
    expect(report.steps).toEqual([
      ...names(197, 200).map(name => `zfs create -o compression=zstd ${name}`),
      `zfs set compression=zstd ${names(0, 5).join(' ')}`,
    ])
    expect(report.msg).toBe('200 datasets: 3 created, 5 changed')
    expect(host.counts).toEqual({ zfs: 1 + 1 + 4 })
  })

  test('no change for 200 datasets is one process', async () => {
    const host = fakeFreeBSD({
      pools: { zroot: {} },
      datasets: Object.fromEntries(names(0, 200).map(name => [name, { recordsize: '16K', quota: '10G' }])),
    })
    const report = await converged(host, {
      datasets: names(0, 200),
      properties: { recordsize: 16384, quota: '10240M' },
    })
    expect(report).toMatchObject({ changed: false, steps: [], msg: '200 datasets: as wanted' })
    expect(host.counts).toEqual({ zfs: 1 })
  })

  test('net-5 10,000 datasets with long names are read and changed in commands below the limit of arguments', async () => {
    const all = Array.from({ length: 10_000 }, (_, index) => `zroot/${'x'.repeat(90)}${index}`)
    const commands: (readonly string[])[] = []
    const answer = (command: readonly string[]) => {
      commands.push(command)
      const others = (command[5] ?? '').split(',').slice(1)
      const rows = command
        .slice(6)
        .flatMap(name => [
          `${name}\ttype\tfilesystem\t-\n`,
          ...others.map(property => `${name}\t${property}\ton\tdefault\n`),
        ])
      return { exit: 0, stdout: rows.join(''), stderr: '' }
    }
    // The imitation answers ten thousand names too slowly for a test; only the argument lists matter here.
    const host: Host = {
      ...fakeFreeBSD(),
      query: async command => answer(command),
      perform: async step => void (step.kind === 'run' && commands.push(step.command)),
    }
    const report = await converged(host, { datasets: all, properties: { atime: false } })
    expect(report.steps).toHaveLength(3)
    expect(commands).toHaveLength(6)
    expect(commands.flatMap(command => command.filter(word => word.startsWith('zroot/'))).length).toBe(2 * 10_000)
    expect(commands.map(command => command.join(' ').length).filter(bytes => bytes > 420_000)).toEqual([])
  })

  test('parents come first, whatever the order of the list, and see to what children inherit', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} } })
    const report = await converged(host, {
      datasets: [
        { name: 'zroot/a/b/c' },
        { name: 'zroot/a/b', properties: { compression: 'inherit' } },
        { name: 'zroot/a', properties: { compression: 'zstd', mountpoint: '/srv/a' } },
      ],
    })
    expect(report.steps).toEqual([
      'zfs create -o compression=zstd -o mountpoint=/srv/a zroot/a',
      'zfs create zroot/a/b',
      'zfs create zroot/a/b/c',
    ])
    expect(report.state).toMatchObject({ datasets: { 'zroot/a/b': { type: 'filesystem', compression: 'inherited' } } })
  })

  test('what stands beside the list holds for each that does not say otherwise', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} } })
    const report = await converged(host, {
      properties: { atime: false, recordsize: '16K' },
      datasets: ['zroot/a', { name: 'zroot/b', properties: { recordsize: '1M' } }],
    })
    expect(report.steps).toEqual([
      'zfs create -o atime=off -o recordsize=16384 zroot/a',
      'zfs create -o atime=off -o recordsize=1048576 zroot/b',
    ])
  })

  test('options as `ansible -m … -a` gives them, all strings', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} } })
    const report = await converged(host, {
      name: 'zroot/a',
      properties: 'recordsize=16K,atime=no',
      mounted: 'yes',
      mode: '700',
    })
    expect(report.steps).toEqual(['zfs create -o recordsize=16384 -o atime=off zroot/a', 'chmod 0700 /zroot/a'])
  })

  test('`parents` creates what is missing above, and only that', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/a': {} } })
    const report = await converged(host, { name: 'zroot/a/b/c/d', parents: true, properties: { quota: '1G' } })
    expect(report.steps).toEqual([
      'zfs create zroot/a/b',
      'zfs create zroot/a/b/c',
      'zfs create -o quota=1073741824 zroot/a/b/c/d',
    ])
  })
})

describe('a missing parent', () => {
  test('zfs-7 is an error when applying, and a warning when checking', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} } })
    const explained =
      'zroot/a/b needs its parent zroot/a, which does not exist: create that first, list it in `datasets`, or say parents: true.'
    expect(await refusal(host, { name: 'zroot/a/b' })).toBe(explained)
    expect(await foretold(host, { name: 'zroot/a/b' })).toMatchObject({
      changed: true,
      steps: ['zfs create zroot/a/b'],
      warnings: [`${explained} Planned as if it were there.`],
    })
  })
})

describe('renaming: zfs.md §3 case 47', () => {
  const options = { name: 'zroot/new', renamed_from: 'zroot/old', properties: { compression: 'zstd' } }

  test('only the former name: it is renamed, with all below it, and changed', async () => {
    const host = fakeFreeBSD({
      pools: { zroot: {} },
      datasets: { 'zroot/old': {}, 'zroot/old/child': { atime: 'off' } },
    })
    const report = await converged(host, {
      datasets: [options, { name: 'zroot/new/child', properties: { atime: false } }],
    })
    expect(report.steps).toEqual(['zfs rename zroot/old zroot/new', 'zfs set compression=zstd zroot/new'])
    expect(report.diff).toMatchObject({
      before: { datasets: { 'zroot/old': { compression: 'on (default)' }, 'zroot/old/child': { atime: 'off' } } },
      after: { datasets: { 'zroot/new': { compression: 'zstd' } } },
    })
  })

  test('only the new name: nothing to do', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/new': { compression: 'zstd' } } })
    expect(await converged(host, options)).toMatchObject({ changed: false })
  })

  test('both: refused', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/new': {}, 'zroot/old': {} } })
    expect(await refusal(host, options)).toBe(
      'zroot/new: both it and zroot/old exist, so zroot/old cannot be renamed to it. Move one out of the way by hand.',
    )
  })
})

describe('clones: zfs.md §3 cases 45 and 46', () => {
  const clone = { name: 'zroot/copy', origin: 'zroot/a@s' }
  const host = () =>
    fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/a': {} }, commands: [['zfs', 'snapshot', 'zroot/a@s']] })

  test('a clone is made once, and promoted once', async () => {
    const machine = host()
    expect((await converged(machine, clone)).steps).toEqual(['zfs clone zroot/a@s zroot/copy'])
    expect((await converged(machine, clone)).steps).toEqual([])
    expect((await converged(machine, { ...clone, promoted: true })).steps).toEqual(['zfs promote zroot/copy'])
    expect((await converged(machine, { ...clone, promoted: true })).steps).toEqual([])
    expect(await refusal(machine, clone)).toBe(
      'zroot/copy exists and is not a clone of zroot/a@s. If it was one and has been promoted, say promoted: true.',
    )
  })

  test('a clone of another snapshot is refused, and a snapshot that is not there is told', async () => {
    const machine = host()
    await converged(machine, clone)
    expect(await refusal(machine, { ...clone, origin: 'zroot/a@other' })).toMatch(
      /^zroot\/copy is a clone of zroot\/a@s, and one of zroot\/a@other was asked for\./,
    )
    expect(await refusal(machine, { name: 'zroot/third', origin: 'zroot/a@other' })).toBe(
      'zroot/third is to be a clone of zroot/a@other, which does not exist: take that snapshot first.',
    )
  })
})

describe('a name that another dataset keeps for itself', () => {
  const options = { datasets: ['zroot/a', 'zroot/b'], reserved_by: '-coming' }

  test('is not taken while that is there, and the others are made', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/a-coming': {} } })
    const report = await converged(host, options)
    expect(report.steps).toEqual(['zfs create zroot/b'])
    expect(report.warnings).toEqual(['zroot/a was not made: zroot/a-coming is to take its place.'])
    expect(await converged(host, options)).toMatchObject({ changed: false })
    host.outside('zfs', 'rename', 'zroot/a-coming', 'zroot/a')
    expect(await converged(host, options)).toMatchObject({ changed: false, warnings: [] })
  })

  test('means nothing for what is there, which costs no further process', async () => {
    const host = fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/a': {}, 'zroot/a-coming': {}, 'zroot/b': {} } })
    expect(await converged(host, options)).toMatchObject({ changed: false, warnings: [] })
    expect(host.counts).toEqual({ zfs: 1 })
  })
})
