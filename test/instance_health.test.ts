/** instance_health: what is asked, from where, and what is told. */
import { describe, expect, test } from 'vitest'
import { apply, converge } from '../modules/core/converge.ts'
import { CommandFailed } from '../modules/core/errors.ts'
import type { Contact, Probe } from '../modules/core/host.ts'
import type { Command } from '../modules/core/step.ts'
import { contactInside, parseReply } from '../modules/freebsd/nc.ts'
import instanceHealth from '../modules/instance_health.ts'
import { fromInside } from '../modules/rules/switch/health-inside.ts'
import { healthOf } from '../modules/rules/switch/requests.ts'
import type { FakeHost } from './support/fake-freebsd.ts'
import { switchHost } from './support/switch-host.ts'

const asked = (host: FakeHost, options: object) =>
  converge(instanceHealth, { id: 'web1', ...options }, host, apply, { now: () => new Date(), holder: 'a test' })

describe('asked from the host', () => {
  test('all is well, and how much was asked', async () => {
    const host = await switchHost(['web1'])
    host.servers.set('http://10.66.0.11:80/', () => ({ status: 200 }))
    const report = await asked(host, { health: { commands: [['true']], http: [{ port: 80 }] } })
    expect(report.msg).toBe('web1 is well: its jail runs, and 2 questions found it so.')
    expect(report).toMatchObject({ changed: false, state: { well: true, asked: 2, left_out: [] } })
    expect((await asked(host, {})).msg).toBe('web1 is well: its jail runs.')
  })

  test('what is not fails, with the first that was found', async () => {
    const host = await switchHost(['web1'])
    await expect(asked(host, { health: { commands: [['true'], ['false']], tcp: [80] } })).rejects.toThrow(
      'web1 is not well: false: exit status 1',
    )
    await expect(asked(host, { health: { tcp: [80] } })).rejects.toThrow(
      'web1 is not well: port 80 at 10.66.0.11: connect ECONNREFUSED',
    )
    await expect(asked(host, { id: 'web2' })).rejects.toThrow('web2 is not well: its jail does not run')
  })

  test('a command is words: what a shell would make of it is the name of a program', async () => {
    const host = await switchHost(['web1'])
    await expect(asked(host, { health: { commands: ['true && reboot'] } })).rejects.toThrow('not well: ')
    expect(host.queried.map(command => command.join(' ')).filter(line => line.includes('reboot'))).toEqual([
      'jexec web1 true && reboot',
    ])
    expect(host.queried.find(command => command.includes('true && reboot'))).toEqual([
      'jexec',
      'web1',
      'true && reboot',
    ])
  })
})

describe('asked from inside', () => {
  const CONF = `web1 {
    exec.created += "ifconfig -j web1 e0b_web1 inet 10.66.0.11/24";
    exec.created += "ifconfig -j web1 e0b_web1 inet6 2001:db8::11/64";
  }`

  test('what is its own, at its own addresses; names stand for them, and the rest is left out', () => {
    const health = healthOf('web1', {
      tcp: [{ port: 25 }, { port: 80, address: '10.66.0.11' }, { port: 3306, address: '10.66.0.99' }],
      http: [
        { port: 80 },
        { url: 'http://shop.example/cart?full=1' },
        { url: 'http://[2001:db8::11]:8080/' },
        { url: 'http://192.0.2.7/' },
        { url: 'https://shop.example/' },
      ],
    })
    const { health: inside, leftOut } = fromInside(health, CONF)
    expect(leftOut).toEqual(['port 3306 at 10.66.0.99', 'http://192.0.2.7/', 'https://shop.example/'])
    expect(inside.tcp.map(({ port }) => port)).toEqual([25, 80])
    expect(inside.http.map(({ url, port, path, host }) => ({ url, port, path, host }))).toEqual([
      { url: undefined, port: 80, path: '/', host: undefined },
      { url: undefined, port: 80, path: '/cart?full=1', host: 'shop.example' },
      { url: 'http://[2001:db8::11]:8080/', port: 0, path: '/', host: undefined },
    ])
  })

  /** A jail in which these answer, by address and port. */
  function jailWith(servers: Readonly<Record<string, string>>) {
    const commands: string[] = []
    const machine: Pick<Probe, 'query'> = {
      async query(command: Command, { input } = {}) {
        commands.push(command.join(' '))
        const stdout = servers[command.slice(-2).join(' ')]
        const answer = { exit: stdout === undefined ? 1 : 0, stdout: stdout ?? '', stderr: '' }
        if (stdout === undefined) throw CommandFailed.exited(command, { ...answer, stderr: 'nc: Connection refused\n' })
        if (input !== '') commands.push(input ?? '')
        return answer
      },
    }
    const contact = (to: Contact) => contactInside(machine, 'web1')(to, 10)
    return { commands, contact }
  }

  test('a port answers or does not', async () => {
    const { contact, commands } = jailWith({ '10.66.0.11 25': '' })
    expect(await contact({ kind: 'tcp', address: '10.66.0.11', port: 25 })).toEqual({})
    expect(await contact({ kind: 'tcp', address: '10.66.0.11', port: 26 })).toEqual({
      problem: 'nc: Connection refused',
    })
    expect(commands[0]).toBe('jexec web1 nc -n -z -w 10 10.66.0.11 25')
  })

  test('a web server is asked as any client asks it', async () => {
    const { contact, commands } = jailWith({ '2001:db8::11 8080': 'HTTP/1.1 200 OK\r\nA: b\r\n\r\nhello' })
    expect(await contact({ kind: 'http', url: 'http://[2001:db8::11]:8080/a?b=c' })).toEqual({
      status: 200,
      text: 'hello',
    })
    expect(commands).toEqual([
      'jexec web1 nc -n -w 10 2001:db8::11 8080',
      'GET /a?b=c HTTP/1.0\r\nHost: [2001:db8::11]:8080\r\nConnection: close\r\n\r\n',
    ])
  })

  test.each([
    ['HTTP/1.0 302 Found\r\n\r\n', { status: 302, text: '' }],
    ['HTTP/1.1 404 Not Found', { status: 404, text: '' }],
    ['SSH-2.0-OpenSSH_9.7\r\n', { problem: 'what answers is no web server' }],
    ['', { problem: 'what answers is no web server' }],
  ])('%j', (text, reply) => {
    expect(parseReply(text)).toEqual(reply)
  })
})
