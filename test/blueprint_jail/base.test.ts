/** A blueprint of base alone: where it comes from, what is checked, what is sealed. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { DEFAULT_OVERLAYS, DEFAULT_WRITABLE } from '../../modules/rules/layout.ts'
import { releaseFiles } from '../fixtures/releases.ts'
import {
  ARCHIVE_URL,
  applied,
  BASE,
  bare,
  checked,
  datasetsOf,
  hostingHost,
  MIRROR,
  manifestOf,
  property,
  refusal,
} from '../support/blueprint-host.ts'

const { 'base.txz': archive } = releaseFiles('14.2-RELEASE')
const digest = createHash('sha256').update(archive).digest('hex')

describe('a blueprint is built', () => {
  test('sealed, with its snapshot and its manifest, and nothing half-built stays', async () => {
    const host = hostingHost()
    const { state, changed } = await applied(host, bare)
    expect(changed).toBe(true)
    expect(datasetsOf(host)).toEqual([
      'blueprints',
      'blueprints/2026Q4-bare',
      'blueprints/2026Q4-bare@complete',
      'build',
      'instances',
    ])
    expect(property(host, 'readonly', 'zroot/hosting/blueprints/2026Q4-bare')).toBe('on')
    expect(host.tree.lstat('/hosting/build')?.mode).toBe(0o700)
    expect(manifestOf(host, '2026Q4-bare')).toMatchObject({
      format: 2,
      name: '2026Q4-bare',
      release: '14.2-RELEASE',
      architecture: 'amd64',
      abi: 'FreeBSD:14:amd64',
      base: { sha256: digest },
      packages: [],
      revision: 1,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      revisions: [{ revision: 1, created: '2026-11-22T12:00:00.000Z' }],
    })
    expect(state).toMatchObject({
      blueprints: { '2026Q4-bare': { path: '/hosting/blueprints/2026Q4-bare', revision: 1, packages: [] } },
    })
  })

  test('a second run has nothing to do, in one process for any number of blueprints', async () => {
    const host = hostingHost()
    const blueprints = ['a', 'b', 'c', 'd'].map(name => ({ ...bare, name }))
    await applied(host, { blueprints })
    const before = host.queried.length
    expect(await applied(host, { blueprints })).toMatchObject({ changed: false, steps: [], warnings: [] })
    expect(host.queried.length - before).toBe(1)
  })

  test('checking foretells every step and touches nothing', async () => {
    const host = hostingHost()
    const foretold = await checked(host, bare)
    expect(host.performed).toEqual([])
    const report = await applied(host, bare)
    expect(foretold.steps).toEqual(report.steps)
    expect(foretold.msg).toBe(report.msg)
  })

  test('every place where an instance is mounted is there before it is sealed, and /home, /tmp and /root [live-9]', async () => {
    const host = hostingHost()
    await applied(host, { ...bare, directories: ['var/db/mysql', '/srv/data/'] })
    const places = [...DEFAULT_WRITABLE.map(({ path }) => path), ...DEFAULT_OVERLAYS, 'dev', 'var/db/mysql', 'srv/data']
    for (const path of places)
      expect(host.tree.lstat(`/hosting/blueprints/2026Q4-bare/${path}`), path).toMatchObject({ type: 'directory' })
    expect(host.tree.lstat('/hosting/blueprints/2026Q4-bare/tmp')?.mode).toBe(0o1777)
  })

  test('the archive is fetched once for several blueprints, and is kept for the next', async () => {
    const host = hostingHost()
    await applied(host, { blueprints: [bare, { ...bare, name: 'other' }] })
    await applied(host, { ...bare, name: 'third' })
    const fetched = host.performed.filter(step => step.kind === 'run' && step.command[0] === 'fetch')
    expect(fetched).toHaveLength(1)
    expect(datasetsOf(host)).toContain('blueprints/third@complete')
  })

  test('two blueprints of the same have the same digest', async () => {
    const host = hostingHost()
    const { state } = await applied(host, { blueprints: [bare, { ...bare, name: 'other' }] })
    const { blueprints } = state as { blueprints: Record<string, { digest: string }> }
    expect(blueprints.other?.digest).toBe(blueprints['2026Q4-bare']?.digest)
  })

  test('from a file of the host, with its MANIFEST beside it or with sha256', async () => {
    const host = hostingHost()
    host.tree.mkdir('/usr/freebsd-dist')
    host.tree.files.write('/usr/freebsd-dist/base.txz', archive)
    host.tree.write('/usr/freebsd-dist/MANIFEST', releaseFiles('14.2-RELEASE').MANIFEST)
    await applied(host, { ...bare, base: { file: '/usr/freebsd-dist/base.txz' } })
    host.tree.write('/usr/freebsd-dist/MANIFEST', '')
    await applied(host, { ...bare, name: 'b', base: { file: '/usr/freebsd-dist/base.txz', sha256: digest } })
    expect(datasetsOf(host)).toEqual(
      expect.arrayContaining(['blueprints/2026Q4-bare@complete', 'blueprints/b@complete']),
    )
  })
})

describe('files and commands', () => {
  test('files are put in, with their modes, also over those of base', async () => {
    const host = hostingHost()
    const files = [
      { path: '/etc/motd.template', content: 'Larsen Hosting\n', mode: '0600' },
      { path: 'usr/local/etc/newsyslog.conf.d/site.conf', content: '' },
    ]
    await applied(host, { ...bare, files })
    const root = '/hosting/blueprints/2026Q4-bare'
    expect(host.tree.read(`${root}/etc/motd.template`)).toBe('Larsen Hosting\n')
    expect(host.tree.lstat(`${root}/etc/motd.template`)?.mode).toBe(0o600)
    expect(host.tree.read(`${root}/usr/local/etc/newsyslog.conf.d/site.conf`)).toBe('')
    expect(await applied(host, { ...bare, files })).toMatchObject({ changed: false })
  })

  test('commands are run in the blueprint that is being built, with devices, and nowhere else [host-2]', async () => {
    const host = hostingHost()
    const commands = [
      ['sysrc', 'sshd_enable=YES'],
      ['sh', '-c', 'true'],
    ]
    const { steps } = await applied(host, { ...bare, commands })
    const root = '/hosting/build/2026Q4-bare'
    const at = steps.indexOf(`chroot ${root} sysrc sshd_enable=YES`)
    expect(steps.slice(at - 1, at + 3)).toEqual([
      `mount -t devfs -o ruleset=4 devfs ${root}/dev`,
      `chroot ${root} sysrc sshd_enable=YES`,
      `chroot ${root} sh -c true`,
      `umount ${root}/dev`,
    ])
    expect(host.tree.read('/hosting/blueprints/2026Q4-bare/etc/rc.conf')).toContain('sshd_enable="YES"')
    expect(host.tree.read('/etc/rc.conf') ?? '').not.toContain('sshd_enable')
  })

  test('a command that fails leaves no blueprint, and what it left mounted is in nobody’s way', async () => {
    const host = hostingHost()
    const failing = { ...bare, commands: [['sh', '-c', 'false']] }
    expect(await refusal(host, failing)).toMatch(/'chroot .* sh -c false' failed with exit status 1/)
    expect(datasetsOf(host)).toContain('build/2026Q4-bare')
    expect(await refusal(host, failing)).toMatch(/failed with exit status 1/)
    await applied(host, bare)
    expect(datasetsOf(host)).toEqual([
      'blueprints',
      'blueprints/2026Q4-bare',
      'blueprints/2026Q4-bare@complete',
      'build',
      'instances',
    ])
    expect(host.machine.state.mounts.filter(({ fstype }) => fstype === 'devfs')).toEqual([])
  })
})

describe('what can be known beforehand is refused, and nothing is touched', () => {
  test.each<[string, object, RegExp]>([
    ['no release', { release: undefined }, /there is no such blueprint, and to build it, a `release` is needed/],
    [
      'a release newer than the kernel',
      { release: '14.3-RELEASE' },
      /14.3-RELEASE is newer than this host's kernel \(1402000\)/,
    ],
    ['a release the mirror does not have', { release: '14.1-RELEASE' }, /MANIFEST cannot be fetched: .*Not Found/],
    [
      'a mirror that is not there',
      { base: { mirrors: ['http://nobody.example.net'] } },
      /MANIFEST cannot be fetched: .*No address record/,
    ],
    [
      'an archive that is not there',
      { base: { url: `${MIRROR}/x/base.txz`, sha256: digest } },
      /base.txz cannot be fetched: .*Not Found/,
    ],
    ['a size that differs', { base: { url: ARCHIVE_URL, size: 17 } }, /has \d+ bytes, and `base.size` says 17/],
    ['a file that is not there', { base: { file: '/b/base.txz', sha256: digest } }, /\/b\/base.txz is not there/],
    ['packages from nowhere', { packages: ['nginx'] }, /there is no `repository`, from which nginx could come/],
    [
      'another mountpoint',
      { hosting_path: '/srv' },
      /zroot\/hosting has its mountpoint at \/hosting.*Say hosting_path: \/hosting/,
    ],
  ])('%s', async (_, options, message) => {
    const host = hostingHost()
    expect(await refusal(host, { ...bare, ...options })).toMatch(message)
    expect(host.performed).toEqual([])
    await expect(checked(host, { ...bare, ...options })).rejects.toThrow(message)
  })

  test('too little space: the base alone is counted beforehand', async () => {
    const host = hostingHost({ datasets: { 'zroot/hosting': { mountpoint: '/hosting', quota: '64K' } } })
    expect(await refusal(host, bare)).toMatch(/zroot\/hosting has .* left, and about .* are needed for the base alone/)
    expect(host.performed).toEqual([])
  })

  test('one of two: nothing is done for the other either', async () => {
    const host = hostingHost()
    const message = await refusal(host, { blueprints: [bare, { ...bare, name: 'newer', release: '14.3-RELEASE' }] })
    expect(message).toMatch(/^newer: /)
    expect(host.performed).toEqual([])
  })

  test('a dataset that is none of ours, at either place', async () => {
    const host = hostingHost({ datasets: { 'zroot/hosting/build/2026Q4-bare': {}, 'zroot/hosting/blueprints/b': {} } })
    expect(await refusal(host, bare)).toMatch(/build\/2026Q4-bare is in the way: it is none of ours/)
    expect(await refusal(host, { ...bare, name: 'b' })).toMatch(/blueprints\/b exists and is no blueprint of ours/)
  })

  test('a host that is not laid out: a warning when checking, an error when applying', async () => {
    const host = hostingHost({ commands: [['zfs', 'destroy', '-r', 'zroot/hosting']] })
    expect((await checked(host, { ...bare, base: BASE })).warnings.join(' ')).toMatch(/lay out the host first/)
    expect(await refusal(host, bare)).toMatch(/zroot\/hosting does not exist: lay out the host first/)
  })
})
