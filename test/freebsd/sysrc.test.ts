import { describe, expect, test } from 'vitest'
import { describeStep } from '../../modules/core/step.ts'
import { isYes, parseVariables, readVariables, setVariables } from '../../modules/freebsd/sysrc.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { linesOf } from './transcript.ts'
import { machineThatSays } from './zfs-transcript.ts'

describe('reading', () => {
  test('`NAME: VALUE` as the transcripts have it', () => {
    const text = linesOf('07-sysrc').find(({ cmd }) => cmd?.includes('sysrc -a'))?.stdout ?? ''
    const lines = text.split('\n').slice(2, 7)
    expect(
      Object.fromEntries(
        parseVariables(
          `${lines.join('\n')}\n`,
          lines.map(line => line.split(':', 1)[0] ?? ''),
        ),
      ),
    ).toEqual({
      clear_tmp_enable: 'YES',
      cron_enable: 'YES',
      defaultrouter: '10.0.2.2',
      devd_enable: 'NO',
      dumpdev: 'NO',
    })
  })

  test('a value of several lines, and an empty one', () => {
    const text = 'jail_list: a\n  b\njail_enable: YES\njail_flags: \n'
    expect([...parseVariables(text, ['jail_list', 'jail_enable', 'jail_flags'])]).toEqual([
      ['jail_list', 'a\n  b'],
      ['jail_enable', 'YES'],
      ['jail_flags', ''],
    ])
  })

  test('host-3: many variables in one process, and those that are not set are left out', async () => {
    const host = fakeFreeBSD({
      files: {
        '/etc/defaults/rc.conf': 'rc_conf_files="/etc/rc.conf"\njail_enable="NO"\n',
        '/etc/rc.conf': 'jail_list="web1\n  db1"\nhostname="a.example.net"\n',
      },
    })
    expect([...(await readVariables(host, ['jail_enable', 'jail_list', 'nosuch', 'hostname']))]).toEqual([
      ['jail_enable', 'NO'],
      ['jail_list', 'web1\n  db1'],
      ['hostname', 'a.example.net'],
    ])
    expect(host.counts).toEqual({ sysrc: 1 })
  })

  test("host-1: the host's own files alone are read", async () => {
    const machine = machineThatSays(() => ({ exit: 1 }))
    expect(await readVariables(machine, ['jail_list'])).toEqual(new Map())
    expect(machine.asked).toEqual(['sysrc -i jail_list'])
  })

  test('an rc.conf that sh cannot read is told', async () => {
    const stderr =
      '/etc/rc.conf: 3: Syntax error: Unterminated quoted string\nsysrc: Exiting due to previous syntax errors\n'
    const machine = machineThatSays(() => ({ exit: 1, stderr }))
    await expect(readVariables(machine, ['jail_list'])).rejects.toThrow('Unterminated quoted string')
  })

  test.each([
    ['YES', true],
    ['yes', true],
    ['On', true],
    ['1', true],
    ['NO', false],
    ['', false],
    [undefined, false],
  ])('%s is %s', (value, expected) => expect(isYes(value)).toBe(expected))
})

describe('setting', () => {
  test('several in one process', () => {
    const step = setVariables(
      new Map([
        ['jail_list', 'web1 db1'],
        ['jail_enable', 'YES'],
      ]),
    )
    expect(describeStep(step)).toBe("sysrc 'jail_list=web1 db1' jail_enable=YES")
  })

  test.each(['it is "quoted"', '$HOME', '`id`', 'a\\b', "it's", 'two\nlines'])(
    'host-3: %j would not read back, and is refused',
    value => expect(() => setVariables(new Map([['q', value]]))).toThrow(/cannot be written for q with sysrc\(8\)/),
  )
})
