/**
 * A pair of web servers behind a real HAProxy, updated while visitors come. HAProxy runs in the sandbox host's own network
 * and reaches nothing but what the instances' jails have started there.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { Ran } from '../support/ansible.ts'
import { playing, type SiteHosts, startSiteHosts } from '../support/site-hosts.ts'

const LIMITS = { requests: 20_000, seconds: 120 }

const HAPROXY_CFG = `global
  stats socket /var/run/haproxy.sock mode 600 level admin
  maxconn 100
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  retries 1
frontend web
  bind 127.0.0.1:8080
  default_backend shop
backend shop
  balance roundrobin
  server one 10.66.9.11:80 check inter 500ms fall 2 rise 1
  server two 10.66.9.12:80 check inter 500ms fall 2 rise 1
`

/** Four visitors, one request after the other, until /tmp/enough is there; what they met is the last line. */
const VISITORS = `
const http = require('node:http'), fs = require('node:fs')
const met = { served: 0, failed: 0, by: {}, why: {} }
let left = ${LIMITS.requests}
const until = Date.now() + ${LIMITS.seconds} * 1000
const ask = () => new Promise(done => {
  const fail = why => { met.failed += 1; met.why[why] = (met.why[why] ?? 0) + 1; done() }
  http.get({ host: '127.0.0.1', port: 8080, path: '/', agent: false, timeout: 8000 }, answer => {
    answer.resume()
    answer.on('end', () => {
      if (answer.statusCode !== 200) return fail(answer.statusCode)
      const { server } = answer.headers
      met.served += 1
      met.by[server] = (met.by[server] ?? 0) + 1
      done()
    })
    answer.on('error', error => fail(error.code))
  }).on('timeout', function () { this.destroy() }).on('error', error => fail(error.code))
})
const visit = async () => {
  while (left-- > 0 && Date.now() < until && !fs.existsSync('/tmp/enough')) {
    await ask()
    await new Promise(rest => setTimeout(rest, 10))
  }
}
Promise.all([visit(), visit(), visit(), visit()]).then(() => console.log(JSON.stringify(met)))
`

interface Met {
  readonly served: number
  readonly failed: number
  readonly by: Readonly<Record<string, number>>
  readonly why: Readonly<Record<string, number>>
}

let hosts: SiteHosts
beforeAll(async () => {
  hosts = await startSiteHosts(['pair'])
  sayOf(name => [`shop/${name}`])
  const made = await hosts.playbook('site')
  expect(made.exit, made.stdout + made.stderr).toBe(0)

  await hosts.host.run('cat > /etc/haproxy.cfg', HAPROXY_CFG)
  await hosts.host.run('cat > /tmp/visitors.cjs', VISITORS)
  const started = await hosts.host.run('/.sandbox/linux/usr/sbin/haproxy -D -f /etc/haproxy.cfg')
  expect(started.exit, started.stderr).toBe(0)
})
afterAll(() => hosts.stop())

/** `haproxy`: the servers of each. */
function sayOf(haproxy: (id: string) => readonly string[]): void {
  const web = { release: '14.2-RELEASE', packages: ['nginx'] }
  hosts.say('pair', {
    host_bridges: [{ name: 'bridge0', addresses: ['10.66.9.1/24'] }],
    instance_gateways: ['10.66.9.1'],
    blueprints: [
      { name: '2026Q4-web', ...web },
      { name: '2027Q1-web', ...web, repository: hosts.site.nextRepository },
    ],
    instance_defaults: { blueprint: '2026Q4-web', customer: 'Larsen Boats', rc_conf: { nginx_enable: true } },
    instances: ['one', 'two'].map((id, at) => ({
      ...{ id, addresses: [`10.66.9.${11 + at}/24`], haproxy: haproxy(id) },
      health: { deadline: 20, http: [{ port: 80, status: 200 }] },
    })),
  })
}

/** What visitors meet while it lasts, from before it begins until after it ends. */
async function visitedDuring(work: () => Promise<Ran>): Promise<{ ran: Ran; met: Met }> {
  await hosts.host.run('rm -f /tmp/enough')
  const visits = hosts.host.run('node /tmp/visitors.cjs')
  const ran = await work().finally(() => hosts.host.run('touch /tmp/enough'))
  const { stdout, stderr } = await visits
  if (stdout === '') throw new Error(stderr)
  return { ran, met: JSON.parse(stdout) as Met }
}

const answers = async (): Promise<string[]> => {
  const { stdout } = await hosts.host.run(
    `for at in 11 12; do node -e 'fetch("http://10.66.9.'$at'/").then(a => console.log(a.headers.get("server")), () => console.log("nobody"))'; done`,
  )
  return stdout.trimEnd().split('\n')
}

const CLIENT = 'nc -w 10 -U /var/run/haproxy.sock'
const TO_NEXT = { update_targets: { '2026Q4-web': '2027Q1-web' }, update_serial: ['100%'] }
const HOOKS = { update_before: 'haproxy_out.yml', update_after: 'haproxy_in.yml' }

test('HAProxy reaches what jails have started, and nothing once they have stopped', async () => {
  expect(await answers()).toEqual(['nginx/1.28.0_4,3', 'nginx/1.28.0_4,3'])
  await hosts.host.run('jail -f /etc/jail.conf.d/two.conf -r two')
  expect(await answers()).toEqual(['nginx/1.28.0_4,3', 'nobody'])
  await hosts.host.run('jail -f /etc/jail.conf.d/two.conf -c two')
  expect(await answers()).toEqual(['nginx/1.28.0_4,3', 'nginx/1.28.0_4,3'])
})

describe('visitors during an update', () => {
  test('with the hook, no request fails', async () => {
    const { ran, met } = await visitedDuring(() => hosts.playbook('update', { ...HOOKS, ...TO_NEXT }))
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    expect(met).toMatchObject({ failed: 0, why: {} })
    expect(Object.keys(met.by).sort()).toEqual(['nginx/1.28.0_4,3', 'nginx/1.28.1,3'])
    expect(await answers()).toEqual(['nginx/1.28.1,3', 'nginx/1.28.1,3'])
  })

  test('without it, some do', async () => {
    const { ran, met } = await visitedDuring(() => hosts.playbook('rollback', { rollback_blueprint: '2027Q1-web' }))
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    expect(met.failed).toBeGreaterThan(0)
    expect(met.served).toBeGreaterThan(0)
    expect(await answers()).toEqual(['nginx/1.28.0_4,3', 'nginx/1.28.0_4,3'])
  })

  test('back with the hook, none does', async () => {
    await hosts.playbook('update', TO_NEXT)
    const { ran, met } = await visitedDuring(() =>
      hosts.playbook('rollback', { ...HOOKS, rollback_blueprint: '2027Q1-web' }),
    )
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    expect(met).toMatchObject({ failed: 0, why: {} })
  })
})

test('a hook that fails stops the update, and the rest is untouched', async () => {
  const hooks = { ...HOOKS, update_haproxy_socket: '/var/run/nobody.sock' }
  const ran = await hosts.playbook('update', { ...hooks, ...TO_NEXT })
  expect(ran.exit).toBe(2)
  expect(ran.stdout).toMatch(
    /The update stops: 1 of 1 instances .* (one|two) on pair \(FAILED: 'Take them from their balancers' failed: Give them no more visitors: shop\/(one|two) on pair: /,
  )
  expect(await answers()).toEqual(['nginx/1.28.0_4,3', 'nginx/1.28.0_4,3'])
})

test('where only a part of them could be taken out, those have their visitors again', async () => {
  sayOf(id => [`shop/${id}`, `shop/nobody-${id}`])
  const ran = await hosts.playbook('update', { ...HOOKS, ...TO_NEXT })
  expect(ran.exit).toBe(2)
  // HAProxy's own words for it.
  expect(ran.stdout).toMatch(
    /\(FAILED: 'Take them from their balancers' failed: .* shop\/nobody-(one|two) on pair: No such server/,
  )
  const { stdout } = await hosts.host.run(`echo 'show stat shop 4 -1' | ${CLIENT}`)
  const states = stdout.split('\n').flatMap(line => /^shop,(?:[^,]*,){16}([^,]*),/.exec(line)?.[1] ?? [])
  expect(states).toEqual(['UP', 'UP'])
  expect(await answers()).toEqual(['nginx/1.28.0_4,3', 'nginx/1.28.0_4,3'])
})

test('a balancer that cannot be reached stops the update, and the others have their visitors again', async () => {
  sayOf(id => [`shop/${id}`])
  const balancers = { update_haproxy_hosts: ['pair', 'gone'] }
  const gone = join(hosts.directory, 'gone.yml')
  writeFileSync(gone, stringify({ all: { hosts: { gone: { ansible_host: '127.0.0.1', ansible_port: 1 } } } }))
  const ran = await hosts.run('ansible-playbook', [
    '-i',
    gone,
    ...playing('update', { ...HOOKS, ...TO_NEXT, ...balancers }),
  ])
  expect(ran.exit).not.toBe(0)
  expect(ran.stdout).toContain('gone cannot be reached')
  expect(ran.stdout).toMatch(/The update stops: 1 of 1 instances/)
  const { stdout } = await hosts.host.run(`echo 'show stat shop 4 -1' | ${CLIENT}`)
  expect(stdout).not.toMatch(/DRAIN|MAINT/)
})
