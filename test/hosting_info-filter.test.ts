/** What of pf's rules for instances is not as configured, in words. */
import { describe, expect, test } from 'vitest'
import type { FakeHost } from './support/fake-freebsd.ts'
import { converged } from './support/jail-host.ts'
import { drift, toldHost } from './support/told-host.ts'

const CONF = '/etc/jail.conf.d/web1.conf'

function must(host: FakeHost, ...command: string[]): void {
  const { exit, stderr } = host.outside(...command)
  if (exit !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
}

const edit = (host: FakeHost, path: string, change: (text: string) => string) =>
  host.tree.write(path, change(host.tree.read(path) ?? ''))

describe('what an instance may send', () => {
  const RULES = '/etc/pf.hosting.d/web1.conf'
  const CALL = 'anchor "hosting/*"'

  test.each<[string, (host: FakeHost) => void, string[]]>([
    [
      'rules that somebody took away',
      host => must(host, 'pfctl', '-q', '-a', 'hosting/web1', '-F', 'all'),
      ["web1: pf's rules for it are not in force: it can send as somebody else"],
    ],
    [
      'a file that was changed',
      host => edit(host, RULES, text => text.replace('block', 'pass')),
      [`web1: ${RULES} is not as instance_jail wrote it`],
    ],
    [
      'a file that is gone',
      host => host.tree.remove(RULES),
      [`web1: ${RULES} is not there, and without it it does not start`],
    ],
    [
      'rules of one that does not run',
      host => {
        const text = host.tree.read(RULES) ?? ''
        must(host, 'jail', '-f', CONF, '-r', 'web1')
        host.tree.write(RULES, text)
        must(host, 'pfctl', '-a', 'hosting/web1', '-f', RULES)
      },
      ['web1 does not run, and starts when the host boots', 'web1: pf has rules for it, although it does not run'],
    ],
    [
      'main rules that call none',
      host => {
        host.tree.write('/etc/pf.conf', 'pass\n')
        must(host, 'pfctl', '-f', '/etc/pf.conf')
      },
      [
        `the main rules of pf do not call ${CALL}, so that instances can send as somebody else: run vnet_bridge`,
        "web1: pf's rules for it are not in force: it can send as somebody else",
      ],
    ],
    [
      'a kernel without pf',
      host => must(host, 'kldunload', 'pf'),
      ['the kernel has no pf, so that instances can send as somebody else'],
    ],
  ])('%s', async (_, change, sentences) => {
    const host = await toldHost()
    change(host)
    expect(await drift(host)).toEqual(sentences)
  })

  test('an interface that a restart will make anew is told of once', async () => {
    const host = await toldHost()
    await converged(host, { id: 'web1', interfaces: [{ bridge: 'hosting0', addresses: ['10.66.0.12/24'] }] })
    expect(await drift(host)).toEqual(['web1: vnet0 is as it was when it was started, and configured otherwise'])
  })
})
