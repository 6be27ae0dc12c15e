/** Whether a move is begun, brought to its end, or refused: what the marks on both hosts say. */
import { describe, expect, test } from 'vitest'
import { decide } from '../../modules/rules/move/decide.ts'
import { requestOf, type TaskOptions } from '../../modules/rules/move/requests.ts'

const [NOW, BEFORE] = ['20261122T120000Z', '20261121T080000Z']
const TOP = 'zroot/hosting/instances/web1'

interface Has {
  readonly moved?: string
  readonly arrived?: string
  readonly running?: boolean
  readonly encryption?: string
}

/** As zfs(8) prints it on a terminal. */
const printed = ({ moved = '-', arrived = '-', encryption = 'off' }: Has) =>
  ['', '/etc', '/var-db'].map(part => `${TOP}${part}\t-\t-\t${moved}\t${arrived}\t${encryption}\r\n`).join('')
const MISSING = `cannot open '${TOP}': dataset does not exist\r\n`

/** Undefined: there is no dataset. */
const taskFor = (source: Has | undefined, target: Has | undefined, more: Partial<TaskOptions> = {}): TaskOptions => {
  const place = (host: string, has: Has | undefined) => ({
    host,
    dataset: TOP,
    running: has?.running ?? false,
    datasets: has === undefined ? MISSING : printed(has),
  })
  return {
    id: 'web1',
    time: NOW,
    over: false,
    source: place('north', source),
    target: { ...place('south', target), kept: '' },
    arrived: 'zroot/hosting/arrived/web1',
    ...more,
  }
}
const decided = (...of: Parameters<typeof taskFor>) => decide(requestOf(taskFor(...of)))
const runs: Has = { running: true }

describe('begun', () => {
  test.each<[string, Has, Has | undefined, boolean]>([
    ['where the target has nothing of it', runs, undefined, false],
    ['over what an earlier move left there', runs, { moved: `${BEFORE} north` }, true],
    ['over what a move that was cut off has brought', runs, { arrived: `${BEFORE} north unfinished` }, true],
    ['over what a failover had begun to restore there', runs, { arrived: `${BEFORE} north restoring` }, true],
    ['over what is older than a failover from there', { running: true, arrived: `${BEFORE} south` }, {}, true],
  ])('%s', (_, source, target, setsAside) => {
    expect(decided(source, target)).toEqual({ turn: 'begin', time: NOW, setsAside })
  })

  test('over anything else only if that is said, and never while it runs', () => {
    expect(() => decided(runs, {})).toThrow('south has an instance web1 of its own, so nothing was moved')
    expect(decided(runs, {}, { over: true })).toEqual({ turn: 'begin', time: NOW, setsAside: true })
    for (const target of [runs, { running: true, arrived: `${BEFORE} north unfinished` }])
      expect(() => decided(runs, target, { over: true })).toThrow('web1 runs on south too')
    expect(() => decided({ running: true, arrived: `${BEFORE} south` }, runs)).toThrow('run that once more')
  })

  test('not over what came there later, while somebody started here what was left behind', () => {
    const left: Has = { running: true, arrived: `${BEFORE} south` }
    expect(() => decided(left, { arrived: `${NOW} north` })).toThrow('south has an instance web1 of its own')
  })

  test('what came in a move that was finished is nothing unfinished', () => {
    expect(() => decided(runs, { arrived: `${BEFORE} north` })).toThrow('south has an instance web1 of its own')
  })
})

describe('brought to its end', () => {
  test.each(['', ' unfinished'])('where what is marked at the source arrived at the target%s', unfinished => {
    const decision = decided({ moved: `${BEFORE} south` }, { arrived: `${BEFORE} north${unfinished}`, ...runs })
    expect(decision).toEqual({ turn: 'finish', time: BEFORE, setsAside: false })
  })

  test.each<[string, Has | undefined]>([
    ['nothing', undefined],
    ['something else', {}],
    ['what came at another time', { arrived: `${NOW} north` }],
    ['what came from elsewhere', { arrived: `${BEFORE} west` }],
  ])('not where the target has %s', (_, target) => {
    expect(() => decided({ moved: `${BEFORE} south` }, target, { over: true })).toThrow(
      `what arrived then is not there. If it is to run on north after all: 'zfs inherit bluejail:moved ${TOP}' there`,
    )
  })
})

describe('refused', () => {
  test('what went on from there', () => {
    const target = { arrived: `${BEFORE} north`, moved: `${NOW} west` }
    expect(() => decided({ moved: `${BEFORE} south` }, target)).toThrow('and on to west')
  })

  test('what is not at the source, went elsewhere, or is on its way there itself', () => {
    expect(() => decided(undefined, runs)).toThrow(`north has no dataset ${TOP}`)
    expect(() => decided({ moved: `${BEFORE} west` }, {})).toThrow('web1 went from north to west')
    expect(() => decided({ arrived: `${BEFORE} west unfinished` }, undefined)).toThrow('web1 on north is not whole')
  })

  test('what is encrypted, with what to do instead; one that is there already is brought to its end', () => {
    const encrypted: Has = { running: true, encryption: 'aes-256-gcm' }
    for (const over of [false, true])
      expect(() => decided(encrypted, undefined, { over })).toThrow(
        /^web1 is encrypted .* nothing was stopped or sent\. Keep a copy of it on south .*failover_instances=web1/,
      )
    const left = { ...encrypted, running: false, moved: `${BEFORE} south` }
    expect(decided(left, { ...runs, arrived: `${BEFORE} north` }).turn).toBe('finish')
  })

  test('a mark that nobody understands', () => {
    expect(() => decided({ moved: 'yes' }, undefined)).toThrow(`north: bluejail:moved of ${TOP} says 'yes'`)
  })
})
