/** zfs send and receive as a real host answered them. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parsePoints } from '../../modules/freebsd/zfs-points.ts'
import { readToken, receive, sendSnapshot, whyParted } from '../../modules/freebsd/zfs-send.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { machineThatSays, said } from './zfs-transcript.ts'

interface Line {
  readonly cmd?: string
  readonly exit: number
  readonly stdout: string
  readonly stderr?: string
}
const lines: Line[] = readFileSync(
  new URL('../transcripts/freebsd-14.2/05-switch-replicate.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map(line => JSON.parse(line))
const saying = (pattern: RegExp) => {
  const line = lines.find(({ cmd, stderr }) => cmd !== undefined && pattern.test(`${cmd}\n${stderr}`))
  if (line === undefined) throw new Error(`no line of the transcript is like ${pattern}`)
  return line
}

test('snapshots and bookmarks have their guids', () => {
  const command = ['zfs', 'list'] as const
  const snapshots = parsePoints(command, said('zfs list -Hp -t snapshot,bookmark -o name,guid,createtxg').stdout)
  expect(snapshots.get('zroot/hosting/bad name')).toEqual([
    { kind: 'snapshot', name: 'r1', guid: '7589073156778271326', createtxg: 77 },
  ])
  expect(snapshots.get('zroot/hosting')?.map(({ name }) => name)).toEqual(['a', 'r1'])
  expect(parsePoints(command, 'p/d#b m\t1\t2\n').get('p/d')).toEqual([
    { kind: 'bookmark', name: 'b m', guid: '1', createtxg: 2 },
  ])
  expect(() => parsePoints(command, 'p/d\t1\t2\n')).toThrow(/cannot read/)
})

describe('zfs-12', () => {
  test('a token says what it would continue', async () => {
    const { stdout, exit } = saying(/^zfs send -nvP -t/)
    const machine = machineThatSays(() => ({ stdout, exit }))
    expect(await readToken(machine, '1-x')).toEqual({
      guid: '9285984043964633913',
      name: 'zroot/blueprints/2026Q4-b@copy',
    })
  })

  test('a token of what is gone says nothing, and any other failure is one', async () => {
    const gone = "cannot resume send: 'p/d@a' used in the initial send no longer exists\n"
    expect(
      await readToken(
        machineThatSays(() => ({ exit: 255, stderr: gone })),
        '1-x',
      ),
    ).toBeUndefined()
    const broken = machineThatSays(() => ({ exit: 1, stderr: 'internal error\n' }))
    await expect(readToken(broken, '1-x')).rejects.toThrow(/internal error/)
  })

  test('what a copy that was changed says is understood, and that of a broken line is not taken for it', () => {
    const changed = saying(/has been modified/).stderr ?? ''
    expect(whyParted(changed, 'backup/hosts/etc')).toBe('backup/hosts/etc was changed after what it received last')
    expect(whyParted(changed.replace('\n', ' / '), 'x')).toBe('x was changed after what it received last')
    expect(whyParted(saying(/incomplete stream/).stderr ?? '', 'x')).toBeUndefined()
    expect(whyParted(saying(/failed to read from stream/).stderr ?? '', 'x')).toBeUndefined()
  })
})

describe('zfs-13', () => {
  test('a copy is read-only, not mounted at boot, and has a mount point of its own', async () => {
    const host = fakeFreeBSD({
      datasets: { 'zroot/a': { mountpoint: '/a', recordsize: '16K' }, 'zroot/copies': { mountpoint: 'none' } },
      commands: [['zfs', 'snapshot', 'zroot/a@1']],
    })
    await host.perform({
      kind: 'pipe',
      from: sendSnapshot('zroot/a@1'),
      to: receive('zroot/copies/a', { type: 'filesystem', without: ['bluejail:replica'] }),
    })
    const properties = 'mountpoint,readonly,canmount,recordsize'
    expect(host.outside('zfs', 'get', '-Hp', '-o', 'value,source', properties, 'zroot/copies/a').stdout).toBe(
      'none\tinherited from zroot/copies\non\tlocal\nnoauto\tlocal\n16384\treceived\n',
    )
  })

  test('a volume is given no property of a filesystem, and what comes of those is left out', () => {
    const words = receive('b/v', { type: 'volume', without: [], nowhere: true }).join(' ')
    expect(words).toBe(
      'zfs receive -s -u -x mountpoint -x sharenfs -x sharesmb -o reservation=none -o refreservation=none -o readonly=on b/v',
    )
  })

  test('nowhere it has no mount point, also where the first stream had no properties and a later one has', async () => {
    const host = fakeFreeBSD({
      datasets: { 'zroot/a': { mountpoint: '/root/.ssh' }, 'zroot/copies': { mountpoint: 'none' } },
      commands: [
        ['zfs', 'snapshot', 'zroot/a@1'],
        ['zfs', 'snapshot', 'zroot/a@2'],
      ],
    })
    const mountpoint = async (nowhere: boolean) => {
      const to = receive(`zroot/copies/${nowhere}`, { type: 'filesystem', without: [], nowhere })
      await host.perform({ kind: 'pipe', from: ['zfs', 'send', 'zroot/a@1'], to })
      await host.perform({ kind: 'pipe', from: ['zfs', 'send', '-p', '-i', 'zroot/a@1', 'zroot/a@2'], to })
      return host.outside('zfs', 'get', '-Hp', '-o', 'value,source', 'mountpoint', `zroot/copies/${nowhere}`).stdout
    }
    expect(await mountpoint(true)).toBe('none\tlocal\n')
    expect(await mountpoint(false)).toBe('/root/.ssh\treceived\n')
  })

  test('a send says from where, and never replaces', () => {
    expect(sendSnapshot('a@2', { from: 'a@1', through: true, raw: true }).join(' ')).toBe(
      'zfs send -Lecp -w -I a@1 a@2',
    )
    expect(sendSnapshot('a@2', { from: 'a#1' }).join(' ')).toBe('zfs send -Lecp -i a#1 a@2')
    expect(receive('a', { type: 'filesystem', without: [] })).not.toContain('-F')
  })
})
