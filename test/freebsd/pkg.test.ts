import { describe, expect, test } from 'vitest'
import { CommandFailed, UnexpectedOutput } from '../../modules/core/errors.ts'
import type { Probe } from '../../modules/core/host.ts'
import {
  catalogueSizes,
  closeDatabase,
  foreseeInstall,
  installPackages,
  listPackages,
  packageNameProblem,
  parseForeseen,
  parsePackages,
  runTriggers,
  updateCatalogue,
} from '../../modules/freebsd/pkg.ts'
import { renderFingerprint, renderPkgConf, renderRepository } from '../../modules/freebsd/pkg-conf.ts'
import { pkgSaid } from './transcript-09.ts'
import { machineThatSays } from './zfs-transcript.ts'

const target = { configuration: '/hosting/build/.pkg/b/pkg.conf', root: '/hosting/build/b' }
const says = (answer: object): Probe => machineThatSays(() => answer)
const heard = (step: ReturnType<typeof updateCatalogue>, answer: Parameters<typeof CommandFailed.check>[1]) => () =>
  CommandFailed.check(step, answer)

describe('what pkg says is believed, and not its exit status [pkg-1]', () => {
  test.each([
    ['no signature', ['signature_type: fingerprints'], 0, /not signed with the key or fingerprint/],
    ['a key that is not there', ['none.pub'], 139, /public key .* is not there/],
    ['another ABI', ['ABI=FreeBSD:15'], 3, /another release or architecture/],
    ['no repository', ['norepo'], 1, /cannot be read/],
    ['nobody answers', ['http://10.0.2.2:1/x'], 1, /cannot be read/],
    ['a full dataset [pkg-3]', ['quota=60M'], 1, /not enough space/],
  ])('%s', (_, words, exit, message) => {
    const answer = pkgSaid(...words)
    expect(answer.exit).toBe(exit)
    expect(heard(updateCatalogue(target), answer)).toThrow(message)
  })

  test('a wrong signature, exit status 0', () => {
    const { exit, stderr } = pkgSaid('other.key')
    expect(exit).toBe(0)
    expect(heard(updateCatalogue(target), { exit, stdout: '', stderr })).toThrow(
      /not signed with the key .*said: pkg: Invalid signature, removing repository/,
    )
  })

  test('fingerprints that are not inside the tree (pkg issue 2390), exit status 0', () => {
    const stderr =
      'pkg: Error opening the trusted directory /usr/local/etc/pkg/keys/trusted\npkg: Error loading trusted certificates\n'
    expect(heard(updateCatalogue(target), { exit: 0, stdout: '', stderr })).toThrow(/not signed with the key/)
  })

  test('a catalogue that is up to date, or was updated, is fine', () => {
    expect(heard(updateCatalogue(target), pkgSaid('-r /blueprints/t1 update; echo'))).not.toThrow()
    expect(heard(updateCatalogue(target), pkgSaid('update -q'))).not.toThrow()
  })

  test('what a package says of itself when it is installed is not what pkg says', () => {
    const stdout =
      'Message from ca_root_nss:\n\n--\nAll trusted certificates, and no signature found beside them.\nUnable to help.\n'
    expect(heard(installPackages(target, ['ca_root_nss']), { exit: 0, stdout, stderr: '' })).not.toThrow()
  })

  test('a dead server does not hold up the host as long as an installation may take', () => {
    expect(updateCatalogue(target).timeoutSeconds).toBeLessThanOrEqual(900)
    expect(installPackages(target, ['x']).timeoutSeconds).toBe(7200)
  })

  test('an installation that worked is fine, and one unknown name among several fails [pkg-2]', () => {
    const step = installPackages(target, ['lang8', 'nosuchpkg'])
    expect(heard(step, pkgSaid('install lang8 nosuchpkg'))).toThrow(/no such package.*matching 'nosuchpkg'/)
  })
})

describe('what exits 0 whatever came of it', () => {
  test('a database is closed when its journal is no log any more [pkg-6]', () => {
    const step = closeDatabase('/b')
    expect(heard(step, { exit: 0, stdout: '0|0|0\ndelete\n', stderr: '' })).not.toThrow()
    for (const stdout of ['', '0|0|0\nwal\n', 'journal_mode\n------------\nwal\n'])
      expect(heard(step, { exit: 0, stdout, stderr: '' })).toThrow(/\/b\/var\/db\/pkg\/local\.sqlite cannot be closed/)
    expect(heard(step, { exit: 0, stdout: '', stderr: 'Error: database is locked\n' })).toThrow(/said: .*is locked/)
  })

  test('triggers that failed', () => {
    const stderr = 'pkg: Failed to execute lua trigger: [string "x"]:1: no\npkg: lua script failed\n'
    expect(heard(runTriggers('/b'), { exit: 0, stdout: '', stderr })).toThrow(/\(a trigger\) has failed.*:1: no/)
    expect(heard(runTriggers('/b'), { exit: 0, stdout: 'pkg: fine\n', stderr: '' })).not.toThrow()
  })
})

describe('what an installation would do', () => {
  test('new packages, with those they need', () => {
    expect(parseForeseen(pkgSaid('install -n lang8 web').stdout)).toEqual({
      installed: ['lang8: 8.3.1', 'libx: 1.0', 'web: 2.4'],
      touched: [],
    })
  })

  test('packages that would be upgraded or removed', () => {
    const upgrade = parseForeseen(pkgSaid('upgrade -n').stdout)
    expect(upgrade.touched).toEqual(expect.arrayContaining(['lang8: 8.3.1 -> 8.4.0']))
    const removal = parseForeseen(pkgSaid('delete -y libx').stdout)
    expect(removal).toEqual({ installed: [], touched: ['lang8: 8.4.0', 'libx: 1.0'] })
  })

  test('nothing at all', () => {
    expect(parseForeseen('The most recent versions of packages are already installed\n')).toEqual({
      installed: [],
      touched: [],
    })
  })

  test('a name that is in no repository is a reason, not an exception', async () => {
    const foreseen = await foreseeInstall(says(pkgSaid('install nosuchpkg')), target, ['nosuchpkg'])
    expect(foreseen).toEqual({ problem: expect.stringMatching(/has no such package/) })
  })
})

describe('what is installed [pkg-4]', () => {
  const rows = 'web\t2.4\tdevel/web\t29\t0\nlibx\t1.0\tdevel/libx\t4\t1\n'

  test('is asked for with tabs, sorted by name', async () => {
    const machine = machineThatSays(() => ({ stdout: rows }))
    expect(await listPackages(machine, '/b')).toEqual([
      { name: 'libx', version: '1.0', origin: 'devel/libx', bytes: 4, automatic: true },
      { name: 'web', version: '2.4', origin: 'devel/web', bytes: 29, automatic: false },
    ])
    expect(machine.asked).toEqual(["pkg -r /b query '%n\t%v\t%o\t%sb\t%a'"])
  })

  test.each(['web\t2.4\tdevel/web\t29\n', 'web\t2.4\tdevel/web\tmany\t0\n', 'pkg: oops\n'])('%j is not read', text => {
    expect(() => parsePackages(text)).toThrow(UnexpectedOutput)
  })

  test('sizes of a catalogue', async () => {
    const sizes = await catalogueSizes(says({ stdout: 'lang8\t8.3.1\t4\n' }), target)
    expect(sizes.get('lang8: 8.3.1')).toBe(4)
    await expect(catalogueSizes(says({ stdout: 'lang8 8.3.1\n' }), target)).rejects.toThrow(UnexpectedOutput)
  })
})

test.each([
  ['php83', true],
  ['py311-certbot', true],
  ['libstdc++', true],
  ['-y', false],
  ['php*', false],
  ['www/nginx', false],
  ['a b', false],
  ["a'b", false],
])('%s as the name of a package: %s', (name, isOne) => {
  expect(packageNameProblem(name) === undefined).toBe(isOne)
})

describe('a configuration of our own', () => {
  test('names its repositories, its cache and what the packages are for', () => {
    const settings = { repositoriesDirectory: '/b/.pkg/repos', cacheDirectory: '/b/.cache', abi: 'FreeBSD:14:amd64' }
    expect(renderPkgConf({ ...settings, osversion: 1_402_000 })).toBe(
      'REPOS_DIR [ "/b/.pkg/repos" ]\nPKG_CACHEDIR: "/b/.cache"\nABI: "FreeBSD:14:amd64"\nOSVERSION: 1402000\nASSUME_ALWAYS_YES: yes\n',
    )
  })

  test.each([
    [{ type: 'none' } as const, 'signature_type: none }'],
    [{ type: 'pubkey', key: '/k.pub' } as const, 'signature_type: pubkey, pubkey: "/k.pub" }'],
    [{ type: 'fingerprints', directory: '/keys' } as const, 'signature_type: fingerprints, fingerprints: "/keys" }'],
  ])('a repository, %j', (signature, end) => {
    expect(renderRepository('site', { url: 'http://p/2026Q4', signature })).toBe(
      `site: { url: "http://p/2026Q4", enabled: yes, ${end}\n`,
    )
  })

  test('a URL that is looked up in DNS says so', () => {
    expect(renderRepository('site', { url: 'pkg+https://p/x', signature: { type: 'none' } })).toContain(
      'url: "pkg+https://p/x", mirror_type: srv, ',
    )
  })

  test('a fingerprint', () => expect(renderFingerprint('ab')).toBe('function: "sha256"\nfingerprint: "ab"\n'))
})
