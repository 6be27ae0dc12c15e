/** pfctl(8) by 04-symlink-rctl-net.jsonl, "pf(4)". */
import { describe, expect, test } from 'vitest'
import { describeStep } from '../../modules/core/step.ts'
import {
  checkAnchor,
  checkRules,
  enableFilter,
  flushAnchor,
  flushLine,
  loadAnchor,
  loadFilter,
  loadLine,
  loadRules,
  parseAnchors,
  readAnchors,
  readFilter,
} from '../../modules/freebsd/pf.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { linesOf } from './transcript.ts'

test('a kernel without pf is asked once', async () => {
  const host = fakeFreeBSD()
  expect(await readFilter(host, 'hosting/x')).toEqual({ isLoaded: false, isEnabled: false, main: [], anchor: [] })
  expect(host.counts).toEqual({ pfctl: 1 })
})

test('net-4 the status line of the transcript is read', async () => {
  const stdout = linesOf('04-symlink-rctl-net').find(({ cmd }) => cmd?.includes('pfctl -si'))?.stdout ?? ''
  const host = fakeFreeBSD({ commands: [['kldload', 'pf']] })
  host.machine.faults.push({ program: 'pfctl', kind: 'exit', exit: 0, stdout, when: args => args.includes('-si') })
  expect(await readFilter(host, 'hosting/x')).toMatchObject({ isLoaded: true, isEnabled: false })
})

test('net-4 rules of the main ruleset and of one anchor; an anchor that is not there has none', async () => {
  const host = fakeFreeBSD({
    commands: [
      ['kldload', 'pf'],
      ['pfctl', '-e'],
    ],
  })
  host.tree.write('/tmp/main', 'nat-anchor "hosting/*"\nanchor "hosting/*"\npass\n')
  host.tree.write('/tmp/rules', 'block in on vtnet0\n')
  host.outside('pfctl', '-f', '/tmp/main')
  host.outside('pfctl', '-a', 'hosting/x', '-f', '/tmp/rules')
  expect(await readFilter(host, 'hosting/x')).toEqual({
    isLoaded: true,
    isEnabled: true,
    main: ['anchor "hosting/*" all', 'pass all flags S/SA keep state'],
    anchor: ['block drop in on vtnet0 all'],
  })
  expect(await readFilter(host, 'hosting/y')).toMatchObject({ anchor: [] })
})

test('what pfctl says that nobody knows is not guessed at', async () => {
  const host = fakeFreeBSD()
  host.machine.faults.push({ program: 'pfctl', kind: 'garbage' })
  await expect(readFilter(host, 'hosting/x')).rejects.toThrow("cannot read what 'pfctl -si' printed")
  host.machine.faults[0] = { program: 'pfctl', kind: 'exit', exit: 1, stderr: 'pfctl: /dev/pf: Permission denied\n' }
  await expect(readFilter(host, 'hosting/x')).rejects.toThrow('Permission denied')
})

describe('steps', () => {
  test('net-4 rules are checked from standard input before they are a file', () => {
    expect(checkRules('pass\n')).toMatchObject({ command: ['pfctl', '-n', '-f', '-'], input: 'pass\n' })
    expect(checkAnchor('hosting/x', 'pass\n')).toMatchObject({ command: ['pfctl', '-a', 'hosting/x', '-n', '-f', '-'] })
  })

  test('net-4 loading and enabling', () => {
    expect(
      [loadFilter(), loadRules('/etc/pf.conf'), loadAnchor('hosting/x', '/x'), enableFilter()].map(describeStep),
    ).toEqual(['kldload -n pf', 'pfctl -f /etc/pf.conf', 'pfctl -a hosting/x -f /x', 'pfctl -e'])
  })
})

describe('rules of all anchors', () => {
  test('each in the anchor it is in, told in two processes', async () => {
    const host = fakeFreeBSD({
      files: { '/tmp/main': 'anchor "hosting/*"\npass\n', '/tmp/rules': 'block in on e0a_web1\nanchor "revision-1"\n' },
      commands: [
        ['kldload', 'pf'],
        ['pfctl', '-f', '/tmp/main'],
        ['pfctl', '-a', 'hosting/web1', '-f', '/tmp/rules'],
      ],
    })
    expect(await readAnchors(host)).toEqual({
      isLoaded: true,
      isEnabled: false,
      rules: new Map([
        ['', ['anchor "hosting/*" all', 'pass all flags S/SA keep state']],
        ['hosting', ['anchor "web1" all']],
        ['hosting/web1', ['block drop in on e0a_web1 all', 'anchor "revision-1" all']],
      ]),
    })
    expect(host.counts).toEqual({ pfctl: 2 })
    expect(await readAnchors(fakeFreeBSD())).toEqual({ isLoaded: false, isEnabled: false, rules: new Map() })
  })

  test('braces that do not match are not guessed at', () => {
    expect(() => parseAnchors('pass all\n}\n')).toThrow("cannot read what 'pfctl -a '*' -sr' printed")
  })

  test('what goes into jail.conf, and out of force', () => {
    expect(loadLine('hosting/x', '/x')).toBe('pfctl -a hosting/x -f /x')
    expect(flushLine('hosting/x')).toBe(describeStep(flushAnchor('hosting/x')))
  })
})
