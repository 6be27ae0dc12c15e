/** What a move sends, and that no host puts words into it. */
import { describe, expect, test } from 'vitest'
import { describeCommand } from '../../modules/core/step.ts'
import { type GivenPlace, requestOf } from '../../modules/rules/move/requests.ts'
import { leaning, streamsOf } from '../../modules/rules/move/streams.ts'

const TIME = '20261122T120000Z'
const TOP = 'zroot/hosting/instances/web1'
const ARRIVED = 'zroot/hosting/arrived/web1'
const COPY = 'zroot/copies/north/instances/web1'

interface Lines {
  readonly source?: readonly string[]
  readonly target?: readonly string[]
  readonly kept?: string
}
const row = (name: string, origin = '-', restored = '-') => `${name}\t${origin}\t${restored}\t-\t-\toff`

function requested({ source = [row(TOP), row(`${TOP}/etc`)], target = [], kept = '' }: Lines) {
  const place = (host: string, lines: readonly string[]): GivenPlace => ({
    ...{ host, dataset: TOP, running: false },
    datasets: lines.join('\n'),
  })
  return requestOf({
    ...{ id: 'web1', time: TIME, over: false, arrived: ARRIVED },
    source: place('north', source),
    target: { ...place('south', target), kept },
  })
}
const words = (lines: Lines) =>
  streamsOf(requested(lines)).map(({ first, last, receive, becomes }) => ({
    first: describeCommand(first),
    last: describeCommand(last),
    receive: describeCommand(receive),
    ...(becomes !== undefined && { becomes }),
  }))

test('all of it in one stream, with its snapshots', () => {
  expect(words({})).toEqual([
    {
      first: `zfs send -Rw ${TOP}@move-${TIME}`,
      last: `zfs send -Rw -I @move-${TIME} ${TOP}@moved-${TIME}`,
      receive: `zfs receive -u -x mountpoint -o readonly=on -o canmount=noauto ${ARRIVED}`,
    },
  ])
})

describe('after a failover', () => {
  const source = [
    row(TOP),
    row(`${TOP}/etc`, `${COPY}/etc@copied`, '11'),
    row(`${TOP}/var-db`, `${COPY}/var-db@copied`, '12'),
    row(`${TOP}/var-db-before-${TIME}`, `${COPY}/var-db@copied`, '12'),
  ]

  test('only what came since, upon what the target has kept', () => {
    const all = words({ source, kept: '12\r\n7\r\n' })
    expect(all.map(({ first }) => first)).toEqual([
      `zfs send -wp ${TOP}@move-${TIME}`,
      `zfs send -wp ${TOP}/etc@move-${TIME}`,
      `zfs send -wp -I ${COPY}/var-db@copied ${TOP}/var-db@move-${TIME}`,
      `zfs send -wp -I ${COPY}/var-db@copied ${TOP}/var-db-before-${TIME}@move-${TIME}`,
    ])
    // What was set aside by a restore takes no place.
    expect(all.flatMap(({ becomes }) => becomes ?? [])).toEqual([`${TOP}/var-db`])
  })

  test('all of it, where nothing was kept', () => {
    expect(words({ source, kept: '7' })).toHaveLength(1)
  })

  test('what is in its place still leans on what was kept; what was set aside does too, and may', () => {
    const target = [
      row(TOP),
      row(`${TOP}/etc`),
      row(`${TOP}/etc-before-${TIME}`, `${TOP}/etc@move-${TIME}`),
      row(`${TOP}/var-db`, 'zroot/hosting/left/web1/var-db@copied'),
      row(`${TOP}/var-db-before-${TIME}`, 'zroot/hosting/left/web1/var-db@copied'),
    ]
    expect(leaning(requested({ target }).target)).toEqual([`${TOP}/var-db`])
  })
})

describe('what a host prints that is no list of its datasets is refused', () => {
  test.each<[string, Lines]>([
    ['another command', { source: [row(`${TOP}; reboot`)] }],
    ['a substitution', { source: [row(`${TOP}/$(reboot)`)] }],
    ['a dataset of somebody else', { source: [row(TOP), row('zroot/hosting/instances/web2')] }],
    ['one that leads elsewhere', { source: [row(`${TOP}/../web2`)] }],
    ['an origin that is an option', { source: [row(TOP, '-R@x')] }],
    ['an origin with another command', { source: [row(TOP, 'zroot/a@b`reboot`')] }],
    ['too little', { source: [TOP] }],
    ['words', { target: ['sudo: a password is required'] }],
    ['a guid that is none', { kept: '1; reboot' }],
  ])('%s', (_, lines) => {
    expect(() => requested(lines)).toThrow()
  })

  test('a name with a space stays one word', () => {
    const all = words({ source: [row(TOP), row(`${TOP}/two words`, `${COPY}/two words@s`, '1')], kept: '1' })
    expect(all.at(-1)?.first).toBe(`zfs send -wp -I '${COPY}/two words@s' '${TOP}/two words@move-${TIME}'`)
  })
})
