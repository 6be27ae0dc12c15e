import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CommandFailed, UnexpectedOutput } from '../../modules/core/errors.ts'
import {
  COMMAND_BYTES,
  inBatches,
  listBelow,
  parseBelow,
  parseProperties,
  readAltroots,
  readHolds,
} from '../../modules/freebsd/zfs.ts'
import { readDatasets } from '../../modules/freebsd/zfs-datasets.ts'
import { linesLike, machineThatSays, said } from './zfs-transcript.ts'

const DB = 'zroot/hosting/db'
const all = said(`zfs get -Hp -o name,property,value,source all ${DB}`)
const named = (name: string) => all.stdout.replaceAll(DB, name)
const missing = (name: string) => `cannot open '${name}': dataset does not exist\n`
const datasetsOf = (stdout: string) => new Set(stdout.split('\n').map(line => line.split('\t')[0] ?? ''))

describe('parseProperties', () => {
  const lines = linesLike(/^(zfs \w+ [^;]*; )?zfs get -Hp -o name,property,value,source [^;|]*$/).filter(
    line => line.exit < 2,
  )

  test('finds lines of the transcript', () => expect(lines.length).toBeGreaterThan(10))

  test.each(lines)('reads what `$cmd` printed', ({ stdout }) => {
    const rows = parseProperties(stdout, datasetsOf(stdout))
    const text = rows.map(row => `${row.dataset}\t${row.property}\t${row.value}\t${row.source}\n`).join('')
    expect(text).toBe(stdout)
    expect(rows.filter(row => row.doubtful)).toEqual([])
  })

  test('zfs-1 a value with a tab ends at the last one', () => {
    const { stdout } = said('printf')
    const rows = parseProperties(stdout.replace(/^/, `${DB}\t`), new Set([DB]))
    expect(rows).toEqual([{ dataset: DB, property: 'hosting:note', value: 'a\tb', source: 'local', doubtful: false }])
  })

  test('zfs-1 a value may have any tabs and line breaks', () => {
    const value = fc.string({ unit: fc.constantFrom('a', '\t', '\n', ' ', '-', 'local', DB) })
    const source = fc.constantFrom('local', 'received', 'inherited from zroot/a b', '-')
    fc.assert(
      fc.property(value, source, (value, source) => {
        const stdout = `${DB}\ta:b\t${value}\t${source}\n${DB}\ta:c\t1\tlocal\n`
        const [row, next] = parseProperties(stdout, new Set([DB]))
        // Where a line of the value could itself begin a row, the reader is told to look again.
        fc.pre(row?.doubtful === false && next?.property === 'a:c')
        expect(row).toMatchObject({ value, source })
      }),
    )
  })

  test('stops at what it cannot read', () => {
    expect(() => parseProperties('no datasets available\n', new Set([DB]))).toThrow(UnexpectedOutput)
    expect(() => parseProperties(`${DB}\tquota\t0\n`, new Set([DB]))).toThrow(/cannot read what 'zfs get/)
    expect(() => parseProperties(`${DB}\tquota\t0\tnowhere\n`, new Set([DB]))).toThrow(UnexpectedOutput)
    expect(() => parseProperties('zroot/other\tquota\t0\tlocal\n', new Set([DB]))).toThrow(UnexpectedOutput)
  })
})

describe('readDatasets', () => {
  test('zfs-2 zfs-3 one process for all; those that are missing are left out; 0 is none where ZFS says so', async () => {
    const machine = machineThatSays(() => ({
      exit: 1,
      stdout: `${named('zroot/a b')}${all.stdout}`,
      stderr: missing('zroot/gone'),
    }))
    const datasets = await readDatasets(machine, [DB, 'zroot/gone', 'zroot/a b', DB])
    expect([...datasets.keys()]).toEqual([DB, 'zroot/a b'])
    expect(machine.asked).toEqual([`zfs get -Hp -o name,property,value,source all ${DB} zroot/gone 'zroot/a b'`])

    const { type, properties } = datasets.get(DB) ?? { properties: new Map() }
    expect(type).toBe('filesystem')
    expect(properties.get('quota')).toEqual({ value: 'none', source: 'default' })
    expect(properties.get('filesystem_limit')).toEqual({ value: 'none', source: 'default' })
    expect(properties.get('special_small_blocks')).toEqual({ value: '0', source: 'default' })
    expect(properties.get('recordsize')).toEqual({ value: '16384', source: 'local' })
    expect(properties.get('compression')).toEqual({ value: 'lz4', source: 'inherited from zroot' })
  })

  test('of a choice, what this type of dataset does not have is left out, and rows that nobody asked for are not believed', async () => {
    const stdout = `${DB}\ttype\tfilesystem\t-\n${DB}\tquota\t0\tdefault\n${DB}\tvolsize\t-\t-\n`
    const machine = machineThatSays(() => ({ stdout }))
    const properties = (await readDatasets(machine, [DB], [], ['quota', 'volsize'])).get(DB)?.properties
    expect(machine.asked).toEqual([`zfs get -Hp -o name,property,value,source type,quota,volsize ${DB}`])
    expect([...(properties ?? [])]).toEqual([
      ['type', { value: 'filesystem', source: '-' }],
      ['quota', { value: 'none', source: 'default' }],
    ])
    for (const wrong of [`${stdout}${DB}\tatime\ton\tlocal\n`, stdout.split('\n').slice(0, 2).join('\n')])
      await expect(
        readDatasets(
          machineThatSays(() => ({ stdout: `${wrong.trimEnd()}\n` })),
          [DB],
          [],
          ['quota', 'volsize'],
        ),
      ).rejects.toThrow(UnexpectedOutput)
  })

  test('zfs-2 a choice that this ZFS does not know whole is no failure: then all are read', async () => {
    const refusal = said('zfs get -Hp -o name,property,value,source nosuchprop')
    const machine = machineThatSays(([, , , , , list]) => (list === 'all' ? all : refusal))
    const properties = (await readDatasets(machine, [DB], [], ['nosuchprop'])).get(DB)?.properties
    expect(properties?.get('recordsize')?.value).toBe('16384')
    expect(machine.asked).toHaveLength(2)
  })

  test('no names, no process: zfs would list everything', async () => {
    const machine = machineThatSays(() => ({}))
    expect(await readDatasets(machine, [])).toEqual(new Map())
    expect(machine.asked).toEqual([])
  })

  test('userquota@ and the like need one more process, and only of datasets that exist', async () => {
    const machine = machineThatSays(([, , , , , properties]) =>
      properties === 'all'
        ? { exit: 1, stdout: all.stdout, stderr: missing('zroot/gone') }
        : { stdout: `${DB}\tuserquota@root\t10737418240\tlocal\n${DB}\tuserquota@nobody\t0\tlocal\n` },
    )
    const datasets = await readDatasets(machine, [DB, 'zroot/gone'], ['userquota@root', 'quota', 'userquota@nobody'])
    expect(machine.asked[1]).toBe(`zfs get -Hp -o name,property,value,source userquota@root,userquota@nobody ${DB}`)
    expect(datasets.get(DB)?.properties.get('userquota@root')?.value).toBe('10737418240')
    expect(datasets.get(DB)?.properties.get('userquota@nobody')?.value).toBe('none')
  })

  test('a value that looks like rows is read again, alone', async () => {
    const value = `first\n${DB}\tcom.example:b\tsecond`
    const machine = machineThatSays(([, , , , columns]) =>
      columns === 'value'
        ? { stdout: `${value}\n` }
        : { stdout: `${all.stdout}${DB}\tcom.example:a\t${value}\tlocal\n` },
    )
    const properties = (await readDatasets(machine, [DB])).get(DB)?.properties
    expect(properties?.get('com.example:a')).toEqual({ value, source: 'local' })
    expect(properties?.has('com.example:b')).toBe(false)
    expect(machine.asked.at(-1)).toBe(`zfs get -Hp -o value com.example:a ${DB}`)
  })

  test.each([
    ['another quota', `${DB}\tquota\t1\tlocal`],
    ['a dataset that is missing', 'zroot/gone\ttype\tfilesystem\t-'],
    ['a property of another dataset', 'zroot/gone\tquota\t1\tlocal'],
  ])('a value that forges %s is not believed', async (_, forged) => {
    const stdout = `${all.stdout}${DB}\ta:b\tx\tlocal\n${forged}\n`
    const machine = machineThatSays(() => ({ exit: 1, stdout, stderr: missing('zroot/gone') }))
    await expect(readDatasets(machine, [DB, 'zroot/gone'])).rejects.toThrow(UnexpectedOutput)
  })

  test.each([
    ["cannot open 'zroot/x': pool I/O is currently suspended\n", /pool I\/O is currently suspended/],
    ["cannot open 'zroot/other': dataset does not exist\n", /exit status 1/],
    ['', /it printed nothing/],
  ])('any other complaint is a failure: %j', async (stderr, message) => {
    const machine = machineThatSays(() => ({ exit: 1, stderr }))
    const reading = readDatasets(machine, ['zroot/x'])
    await expect(reading).rejects.toThrow(CommandFailed)
    await expect(reading).rejects.toThrow(message)
  })

  test('zfs-2 an unknown property fails the whole command', async () => {
    const refusal = said('zfs get -Hp -o name,property,value,source nosuchprop')
    await expect(
      readDatasets(
        machineThatSays(() => refusal),
        ['zroot/x'],
      ),
    ).rejects.toThrow(/exit status 2/)
  })

  test('silence about a dataset is no answer', async () => {
    await expect(
      readDatasets(
        machineThatSays(() => all),
        [DB, 'zroot/x'],
      ),
    ).rejects.toThrow(/nothing about 'zroot\/x'/)
  })

  test('net-5 10,000 datasets are read in commands that fit', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `zroot/${String(index).padStart(100, 'x')}`)
    const machine = machineThatSays(command => ({ stdout: command.slice(6).map(named).join('') }))
    expect((await readDatasets(machine, names)).size).toBe(10_000)
    expect(machine.asked).toHaveLength(3)
    for (const words of machine.asked) expect(words.length).toBeLessThanOrEqual(COMMAND_BYTES)
  })
})

test('inBatches gives every name once', () => {
  expect(inBatches(['zfs', 'set'], [])).toEqual([])
  expect(inBatches(['zfs', 'set'], ['a', 'b', 'a'])).toEqual([['zfs', 'set', 'a', 'b']])
})

describe('what destroying takes along', () => {
  const stdout =
    'zroot/a\tfilesystem\tyes\t-\t-\t-\nzroot/a/b c\tvolume\t-\tzroot/t@s\t-\t-\nzroot/a@s\tsnapshot\t-\t-\tzroot/x,zroot/y z\t2\nzroot/a@t\tsnapshot\t-\t-\t\t0\n'

  test('parseBelow', () => {
    expect(parseBelow(stdout)).toEqual([
      { name: 'zroot/a', type: 'filesystem', mounted: true, origin: undefined, clones: [], holds: 0 },
      { name: 'zroot/a/b c', type: 'volume', mounted: false, origin: 'zroot/t@s', clones: [], holds: 0 },
      {
        name: 'zroot/a@s',
        type: 'snapshot',
        mounted: false,
        origin: undefined,
        clones: ['zroot/x', 'zroot/y z'],
        holds: 2,
      },
      { name: 'zroot/a@t', type: 'snapshot', mounted: false, origin: undefined, clones: [], holds: 0 },
    ])
    expect(() => parseBelow('zroot/a\tfilesystem\n')).toThrow(UnexpectedOutput)
    expect(() => parseBelow('zroot/a\tbookmark\t-\t-\t-\t-\n')).toThrow(UnexpectedOutput)
  })

  test('listBelow is one process; missing roots are left out', async () => {
    const machine = machineThatSays(() => ({ exit: 1, stdout, stderr: missing('zroot/gone') }))
    expect(await listBelow(machine, ['zroot/a', 'zroot/gone'])).toHaveLength(4)
    expect(machine.asked).toEqual([
      'zfs list -Hp -r -t filesystem,volume,snapshot -o name,type,mounted,origin,clones,userrefs zroot/a zroot/gone',
    ])
  })

  test('readHolds', async () => {
    const { stdout } = said('zfs hold keep zroot/hosting/db@a; zfs holds')
    expect(
      await readHolds(
        machineThatSays(() => ({ exit: 1, stdout, stderr: missing('zroot/hosting/db@gone') })),
        ['zroot/hosting/db@a', 'zroot/hosting/db@gone'],
      ),
    ).toEqual(new Map([['zroot/hosting/db@a', ['keep']]]))
    await expect(
      readHolds(
        machineThatSays(() => ({ stdout: 'x\n' })),
        ['a@b'],
      ),
    ).rejects.toThrow(UnexpectedOutput)
  })
})

test('readAltroots asks each pool once', async () => {
  const machine = machineThatSays(() => ({ stdout: 'tank\t/mnt\nzroot\t-\n' }))
  expect(await readAltroots(machine, ['tank/a', 'zroot', 'tank/b'])).toEqual(new Map([['tank', '/mnt']]))
  expect(machine.asked).toEqual(['zpool get -Hp -o name,value altroot tank zroot'])
})
