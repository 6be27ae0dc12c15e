/** A blueprint that is complete: never changed, and looked at when asked. */
import { describe, expect, test } from 'vitest'
import { applied, BASE, bare, hostingHost, refusal } from '../support/blueprint-host.ts'

describe('a complete blueprint is never changed', () => {
  test.each<[string, object, RegExp]>([
    ['another release', { release: '14.1-RELEASE' }, /its release is 14.2-RELEASE, not 14.1-RELEASE/],
    ['another architecture', { architecture: 'aarch64' }, /its architecture is amd64, not aarch64/],
    [
      'another archive',
      { base: { ...BASE, sha256: 'a'.repeat(64) } },
      /its base is the archive [0-9a-f]{64}, not the archive a{64}/,
    ],
    ['packages', { packages: ['nginx', 'php83'] }, /it was made without nginx, php83/],
    ['files', { files: [{ path: 'etc/x', content: '' }] }, /these of its files differ: \/etc\/x/],
    ['directories', { directories: ['srv'] }, /it was made without the directory srv/],
    [
      'a base of packages',
      { base: undefined, pkgbase: { url: 'http://p', signature_type: 'none' } },
      /its base is from base.txz, not from packages/,
    ],
    ['commands', { commands: [['true']] }, /other commands were run in it/],
  ])('%s is refused, saying so', async (_, options, message) => {
    const host = hostingHost()
    await applied(host, bare)
    const said = await refusal(host, { ...bare, ...options })
    expect(said).toMatch(message)
    expect(said).toMatch(/a name of its own.*`amend: true`, with a `reason`/)
  })

  test('only what the task says is compared', async () => {
    const host = hostingHost()
    await applied(host, { ...bare, files: [{ path: 'etc/x', content: '' }] })
    expect(await applied(host, { name: bare.name })).toMatchObject({ changed: false })
  })

  test('one that somebody made writable is made read-only again', async () => {
    const host = hostingHost()
    await applied(host, bare)
    host.outside('zfs', 'set', 'readonly=off', 'zroot/hosting/blueprints/2026Q4-bare')
    expect((await applied(host, bare)).steps).toEqual(['zfs set readonly=on zroot/hosting/blueprints/2026Q4-bare'])
  })

  test('a manifest of a newer collection is refused', async () => {
    const host = hostingHost()
    await applied(host, bare)
    host.outside('zfs', 'set', 'readonly=off', 'zroot/hosting/blueprints/2026Q4-bare')
    host.tree.write('/hosting/blueprints/2026Q4-bare/.blueprint.json', '{"format":3,"packages":[]}')
    expect(await refusal(host, bare)).toMatch(/has format 3, and this collection knows 2/)
  })
})

describe('verify', () => {
  test('a list of files that is not the one that was sealed proves nothing, and that is said', async () => {
    const host = hostingHost()
    await applied(host, bare)
    host.outside('zfs', 'set', 'readonly=off', 'zroot/hosting/blueprints/2026Q4-bare')
    host.tree.write('/hosting/blueprints/2026Q4-bare/.blueprint.mtree', '')
    host.outside('zfs', 'set', 'readonly=on', 'zroot/hosting/blueprints/2026Q4-bare')
    expect((await applied(host, { ...bare, verify: true })).warnings.join()).toMatch(/mtree: not what was sealed/)
  })

  test('finds what has changed since it was sealed, and changes nothing', async () => {
    const host = hostingHost()
    await applied(host, bare)
    expect(await applied(host, { ...bare, verify: true })).toMatchObject({
      changed: false,
      warnings: [],
      state: { blueprints: { '2026Q4-bare': { drift: [] } } },
    })
    const root = '/hosting/blueprints/2026Q4-bare'
    host.outside('zfs', 'set', 'readonly=off', 'zroot/hosting/blueprints/2026Q4-bare')
    host.tree.write(`${root}/etc/hosts`, 'changed\n')
    host.tree.chmod(`${root}/etc/ssh`, 0o700)
    host.tree.write(`${root}/etc/added`, '')
    host.tree.remove(`${root}/COPYRIGHT`)
    host.outside('zfs', 'set', 'readonly=on', 'zroot/hosting/blueprints/2026Q4-bare')
    const { state, warnings, changed } = await applied(host, { ...bare, verify: true })
    expect(changed).toBe(false)
    expect(state).toMatchObject({
      blueprints: {
        '2026Q4-bare': {
          drift: [
            '/COPYRIGHT: gone',
            expect.stringMatching(/^\/etc\/added: new/),
            '/etc/hosts: content',
            '/etc/ssh: mode 0755, now 0700',
          ],
        },
      },
    })
    expect(warnings.join()).toMatch(/2026Q4-bare is not what it was when it was sealed: \/COPYRIGHT: gone/)
  })
})
