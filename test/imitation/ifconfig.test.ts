/** ifconfig(8) and route(8), as 04-symlink-rctl-net.jsonl and facts.md have them. */
import { describe, expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { readTranscript } from './replay/transcripts.ts'

function machine(...first: string[]) {
  const host = fakeFreeBSD()
  const run = (line: string) => host.outside(...line.split(' '))
  for (const line of first) run(line)
  return { run, host }
}

/** What a line of the transcript printed, made-up link addresses left out. */
const said = (number: number, file = '04-symlink-rctl-net.jsonl') => plain(lineOf(number, file).stdout)
const complained = (number: number) => lineOf(number, '04-symlink-rctl-net.jsonl').stderr
const lineOf = (number: number, file: string) => {
  const line = readTranscript(file).find(each => each.number === number)
  if (line === undefined) throw new Error(`${file} has no line ${number}`)
  return line
}
const plain = (text: string) => text.replace(/(?<=ether |hwaddr )(02|58:9c:fc)(:[0-9a-f]{2})+/g, 'ETHER')

const BRIDGE0 = 'ifconfig bridge0 create inet 10.66.0.1/24 up'
const HOSTING0 = 'ifconfig bridge create name hosting0'

describe('bridges [net-1]', () => {
  test('are made under a number or the next one, and named', () => {
    const { run } = machine()
    expect(run('ifconfig bridge0 create').stdout).toBe('')
    run('ifconfig bridge0 inet 10.66.0.1/24 up')
    expect(plain(run('ifconfig bridge0').stdout)).toBe(said(5, '03-jails.jsonl'))
    expect(run('ifconfig bridge0 create').stderr).toBe('ifconfig: interface bridge0 already exists\n')
    expect(run('ifconfig bridge create').stdout).toBe('bridge1\n')
    expect(run('ifconfig bridge1 name hosting0').stdout).toBe('hosting0\n')
  })

  test('show what they are, before and after they are up', () => {
    const { run } = machine(BRIDGE0)
    expect(plain(run(HOSTING0).stdout + run('ifconfig hosting0').stdout)).toBe(said(40))
    run('ifconfig hosting0 descr customers')
    run('ifconfig hosting0 mtu 9000')
    for (const address of ['inet 10.66.0.1/24', 'inet 10.66.0.1/24', 'inet 10.66.0.2/32 alias', 'inet6 fd00::1/64'])
      expect(run(`ifconfig hosting0 ${address}`).exit).toBe(0)
    const shown = plain(run('ifconfig hosting0').stdout)
    run('ifconfig hosting0 inet 10.66.0.2 -alias')
    const inet = run('ifconfig -f inet:cidr,inet6:cidr hosting0')
      .stdout.match(/^.*inet.*\n/gm)
      ?.join('')
    expect(`rc=0\n${shown}${inet}`).toBe(said(48))
  })

  test('take members once, of the right kind, and decide their MTU', () => {
    const { run } = machine(HOSTING0)
    expect(run('ifconfig hosting0 addm vtnet0').exit).toBe(0)
    expect(run('ifconfig vtnet0').stdout).toContain('PROMISC')
    const errors = ['addm vtnet0', 'addm nosuch0'].map(words => run(`ifconfig hosting0 ${words}`).stderr)
    expect(errors.join('')).toBe(complained(42))
    run('ifconfig hosting0 deletem vtnet0')
    expect(run('ifconfig hosting0 deletem vtnet0').stderr).toBe(complained(43))
    run('ifconfig lo1 create')
    expect(run('ifconfig hosting0 addm lo1').stderr).toBe('ifconfig: BRDGADD lo1: Invalid argument\n')
    run('ifconfig epair create')
    expect(run('ifconfig epair0a mtu 9000').exit).toBe(0)
    expect(run('ifconfig hosting0 addm epair0a').exit).toBe(0)
    expect(run('ifconfig hosting0').stdout).toContain('mtu 9000')
    expect(run('ifconfig epair0a mtu 1500').stderr).toBe(
      'ifconfig: ioctl SIOCSIFMTU (set mtu): Operation not supported\n',
    )
    run('ifconfig bridge create')
    expect(run('ifconfig bridge1 addm epair0a').stderr).toBe('ifconfig: BRDGADD epair0a: Device busy\n')
  })

  test('can keep members from each other and tie addresses to them', () => {
    const { run } = machine(HOSTING0, 'ifconfig epair create', 'ifconfig hosting0 addm epair0a')
    run('ifconfig hosting0 private epair0a -discover epair0a -learn epair0a ifmaxaddr epair0a 1')
    run('ifconfig hosting0 static epair0a 02:0:0:0:0:1')
    expect(run('ifconfig hosting0').stdout).toContain(
      'member: epair0a flags=940<PRIVATE,AUTOEDGE,AUTOPTP>\n\t        ifmaxaddr 1',
    )
    expect(run('ifconfig hosting0 addr').stdout).toBe('02:00:00:00:00:01 Vlan1 epair0a 0 flags=1<STATIC>\n')
    expect(run('ifconfig hosting0 private epair9a')).toMatchObject({ exit: 1 })
  })
})

describe('epairs', () => {
  test('have two ends, a link address one can change, and names of 15 characters [jail-7, net-3]', () => {
    const { run } = machine(BRIDGE0, HOSTING0)
    const lines = [
      run('ifconfig epair create').stdout,
      run('ifconfig epair0a ether 02:00:00:00:00:01').stdout,
      run('ifconfig epair0a').stdout,
    ]
    expect(plain(lines.join(''))).toBe(said(44).split('rc=1')[0])
    expect(run('ifconfig epair0a name e0a_averyveryverylong').stderr).toBe(complained(44))
    expect(run('ifconfig epair0a name e0a_web_1234567').stdout).toBe('e0a_web_1234567\n')
    expect(run('ifconfig epair0b name e0a_web_1234567').stderr).toBe(
      'ifconfig: ioctl SIOCSIFNAME (set name): File exists\n',
    )
    run('ifconfig e0a_web_1234567 destroy')
    expect(run('ifconfig -l').stdout).toBe('vtnet0 lo0 bridge0 hosting0\n')
  })

  test('go whole, and stay the same unit under any name [live-1]', () => {
    const { run } = machine('ifconfig epair7 create', 'ifconfig epair7a name a', 'ifconfig epair7b name b')
    expect(run('ifconfig epair7 create').stderr).toBe('ifconfig: interface epair7 already exists\n')
    expect(run('ifconfig -g epair').stdout).toBe('a\nb\n')
    run('ifconfig b destroy')
    expect(run('ifconfig epair7 create').stdout).toBe('epair7a\n')
  })
})

test('VLANs are made by name or by number [net-3]', () => {
  const { run } = machine()
  const made = run('ifconfig vlan create vlan 100 vlandev vtnet0 name vtnet0.100').stdout
  const first = made + run('ifconfig vtnet0.100').stdout
  run('ifconfig vtnet0.100 destroy')
  run('ifconfig vtnet0.200 create')
  expect(first + run('ifconfig vtnet0.200').stdout).toBe(said(46))
})

test('loopbacks have no broadcast, and an address of their own once up', () => {
  const { run } = machine(BRIDGE0, HOSTING0)
  run('ifconfig lo1 create inet 10.77.0.1/24 up')
  expect(run('ifconfig lo1').stdout).toBe(said(47).replaceAll('rc=1\n', ''))
  expect(run('ifconfig lo1 create').stderr).toBe('ifconfig: interface lo1 already exists\n')
})

test('-a shows all in the formats asked for, -C what can be made', () => {
  const { run } = machine(BRIDGE0)
  const shown = plain(run('ifconfig -a -f inet:cidr,inet6:cidr,ether:colon').stdout)
  expect(`${shown.split('\n').slice(0, 20).join('\n')}\n${run('ifconfig -C').stdout}`).toBe(said(50))
})

test('what is not there, and what is not known', () => {
  const { run } = machine()
  expect(run('ifconfig hosting0 destroy').stderr).toBe(complained(49))
  expect(run('ifconfig vtnet0 destroy').stderr).toBe('ifconfig: SIOCIFDESTROY: Invalid argument\n')
  expect(run('ifconfig -j nosuch -l').stderr).toBe('ifconfig: jail "nosuch" not found\n')
  expect(run('ifconfig vtnet0 frobnicate')).toEqual({
    exit: 64,
    stdout: '',
    stderr: 'sandbox: ifconfig: unknown parameter frobnicate\n',
  })
})

describe('route', () => {
  test('adds, shows and deletes a default route', () => {
    const { run } = machine(BRIDGE0)
    expect(run('route add default 10.66.0.254')).toEqual({
      exit: 1,
      stdout: 'add net default: gateway 10.66.0.254 fib 0: route already in table\n',
      stderr: '',
    })
    expect(run('route -n get default').stdout).toMatch(/gateway: 10\.0\.2\.2\n.*\n {2}interface: vtnet0\n/)
    expect(run('route delete default').stdout).toBe('delete net default\n')
    expect(run('route add default 10.99.0.1').stdout).toContain('Invalid argument')
    expect(run('route add default 10.66.0.254').stdout).toBe('add net default: gateway 10.66.0.254\n')
    expect(run('route -n get default').stdout).toContain('interface: bridge0')
  })

  test('knows the two families apart', () => {
    const { run } = machine(BRIDGE0, 'ifconfig bridge0 inet6 fd00::1/64')
    expect(run('route add -inet6 default fd00::fe')).toMatchObject({ exit: 0 })
    run('ifconfig bridge0 inet6 fd00::1 -alias')
    expect(run('route delete -inet6 default').stdout).toContain('not in table')
  })
})
