import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createdLines, prepareLines, type Wire } from '../../modules/freebsd/ifconfig.ts'
import { wiresIn } from '../../modules/freebsd/ifconfig-wires.ts'
import { renderJail, type Setting } from '../../modules/freebsd/jail-conf.ts'
import { linesUnder, settingsIn } from '../../modules/freebsd/jail-conf-read.ts'
import { readRcFiles } from '../../modules/freebsd/rc-files.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

describe('jail.conf as we write it', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}(\.[a-z]{1,5})?$/)
  const text = fc.stringMatching(/^[ -~]{0,30}$/)
  const value = fc.oneof(fc.constant(true as const), text, fc.array(text, { minLength: 2, maxLength: 4 }))

  test('reads back as it was written, whatever is in it', () => {
    const settings = fc.uniqueArray(fc.tuple(word, value), { selector: ([name]) => name })
    fc.assert(
      fc.property(settings, given => {
        expect(settingsIn(`# a comment\n${renderJail('web1', given as Setting[])}`)).toEqual(given)
      }),
    )
  })

  test.each([
    '  path = "/x"; mount.devfs;',
    '  $net = 1;',
    '  exec.start += "second without a first";',
    'path = /x;',
    '  include "/etc/other";',
  ])('what was written by hand is not guessed at: %s', line => {
    expect(settingsIn(`web1 {\n${line}\n}\n`)).toBeUndefined()
  })

  test('the lines of a parameter, of one, of many and of none', () => {
    const settings: Setting[] = [
      ['exec.prepare', ['a', 'b']],
      ['path', '/x'],
      ['vnet', true],
    ]
    expect(['exec.prepare', 'path', 'vnet', 'none'].map(name => linesUnder(settings, name))).toEqual([
      ['a', 'b'],
      ['/x'],
      [],
      [],
    ])
  })
})

test('interfaces read back from the lines that make them, each with its own', () => {
  const wire = (number: number, bridge: string, addresses: string[]): Wire => ({
    unit: 1000 + number,
    outer: { name: `e${number}a_web1`, ether: '02:00:00:00:00:00' },
    inner: { passing: `e${number}b_web1`, name: `vnet${number}`, ether: '02:00:00:00:00:01' },
    bridge,
    isPrivate: number !== 1,
    memberWords: number === 1 ? [] : ['private', `e${number}a_web1`],
    repairWords: [],
    fixed: [],
    mtu: number === 1 ? 9000 : undefined,
    addresses,
    note: `bluejail:${number}`,
  })
  const wires = [wire(0, 'hosting0', ['10.0.0.1/24', '10.0.0.2/24', 'fd00::1/64']), wire(1, 'lan0', [])]
  expect(
    wiresIn(
      wires.flatMap(prepareLines),
      wires.flatMap(each => createdLines('web1', each)),
    ),
  ).toEqual([
    {
      outer: 'e0a_web1',
      inner: 'vnet0',
      bridge: 'hosting0',
      note: 'bluejail:0',
      ether: '02:00:00:00:00:01',
      isPrivate: true,
      addresses: ['10.0.0.1/24', '10.0.0.2/24', 'fd00::1/64'],
    },
    {
      ...{ outer: 'e1a_web1', inner: 'vnet1', bridge: 'lan0', note: 'bluejail:1' },
      ...{ ether: '02:00:00:00:00:01', isPrivate: false, addresses: [] },
    },
  ])
})

test('host-1 the files of rc.conf are read as text: a later one counts, and what only sh could tell is unknown', async () => {
  const host = fakeFreeBSD({
    files: {
      '/etc/defaults/rc.conf': 'jail_enable="NO"\nhostname=""\n',
      '/etc/rc.conf': 'jail_enable=YES\nhostname="$(hostname)"\njail_list="web1 db1"\n',
      '/etc/rc.conf.local': "jail_list='web1'\n",
    },
  })
  expect(Object.fromEntries(await readRcFiles(host))).toEqual({ jail_enable: 'YES', jail_list: 'web1' })
  expect(host.counts).toEqual({})
})
