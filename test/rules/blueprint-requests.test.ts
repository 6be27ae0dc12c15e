import { describe, expect, test } from 'vitest'
import { requestsOf, type TaskOptions } from '../../modules/rules/blueprint/requests.ts'

const task = (options: Partial<TaskOptions>): TaskOptions => ({
  name: 'b',
  state: 'present',
  amend: false,
  verify: false,
  keep_ways_back: true,
  ...options,
})
const repository = { url: 'http://pkg.example.net', signature_type: 'none' } as const

describe('what a task asks for', () => {
  test('what stands beside the list holds for all of it', () => {
    const given = task({
      name: undefined,
      release: '14.2-RELEASE',
      blueprints: [{ name: 'a' }, { name: 'b', release: '15.0-RELEASE' }],
    })
    expect(requestsOf(given).map(({ name, release }) => [name, release])).toEqual([
      ['a', '14.2-RELEASE'],
      ['b', '15.0-RELEASE'],
    ])
  })

  test('packages are a set, and paths are inside', () => {
    const files = [{ path: '//etc/../etc/x', content: '' }]
    const [request] = requestsOf(task({ packages: ['b', 'a', 'b'], files, directories: ['/srv/'] }))
    expect(request).toMatchObject({ packages: ['a', 'b'], files: [{ path: 'etc/x' }], directories: ['srv'] })
  })

  test('a path does not lead out', () => {
    const [request] = requestsOf(task({ files: [{ path: '../../../etc/passwd', content: '' }] }))
    expect(request?.files?.[0]?.path).toBe('etc/passwd')
  })
})

test.each<[string, Partial<TaskOptions>, RegExp]>([
  ['neither name nor list', { name: undefined }, /give either `name`/],
  ['both', { blueprints: [] }, /give either `name`/],
  ['a name with a slash', { name: 'a/b' }, /'a\/b' cannot be a blueprint's name/],
  ['a name with a line break', { name: 'a\nb' }, /cannot be a blueprint's name/],
  ['a name like an option', { name: '-r' }, /cannot be a blueprint's name/],
  ['a name twice', { name: undefined, blueprints: [{ name: 'a' }, { name: 'a' }] }, /a is listed twice/],
  ['an amendment without a reason', { amend: true }, /an amendment needs a `reason`/],
  ['an amendment of what shall go', { amend: true, reason: 'x', state: 'absent' }, /means nothing with state=absent/],
  ['a reason of two lines', { amend: true, reason: 'a\nb' }, /`reason` is one line of at most 1,000 characters/],
  ['a reason with a tab', { amend: true, reason: 'a\tb' }, /`reason` is one line/],
  ['a reason that is a novel', { amend: true, reason: 'a'.repeat(1001) }, /`reason` is one line/],
  ['a release that is none', { release: 'fourteen' }, /'fourteen' is not a release's name/],
  ['base and pkgbase', { base: {}, pkgbase: repository }, /either `base` or `pkgbase`/],
  ['two sources', { base: { url: 'http://m/base.txz', file: '/b' } }, /takes one of url, mirrors and file/],
  ['no mirror', { base: { mirrors: [] } }, /`base.mirrors` is empty/],
  ['a URL that is none', { base: { url: 'base.txz' } }, /is no URL of http, https, ftp or file/],
  ['a URL like an option', { base: { mirrors: ['-o/etc/passwd'] } }, /is no URL/],
  ['a URL of something else', { base: { url: 'http://m/kernel.txz' } }, /`base.url` is that of a base.txz/],
  ['a digest that is none', { base: { sha256: 'abc' } }, /`base.sha256` has 64 hexadecimal digits/],
  ['a file that is relative', { base: { file: 'base.txz' } }, /begins with \//],
  [
    'a login in a URL',
    { base: { mirrors: ['http://anna:secret@m/releases'] } },
    /the URL 'http:\/\/…@m\/releases' has a login in it/,
  ],
  [
    'a login in that of a repository',
    { repository: { ...repository, url: 'pkg+https://anna:s@p' } },
    /'pkg\+https:\/\/…@p' has a login/,
  ],
  [
    'a login in that of base packages',
    { pkgbase: { ...repository, url: 'https://anna@p/x' } },
    /let the server admit this host/,
  ],
  [
    'a login in what is no URL',
    { repository: { ...repository, url: 'htps://anna:s@p' } },
    /'htps:\/\/…@p' has a login/,
  ],
  ['a package like an option', { packages: ['-y'] }, /'-y' is not a package's name/],
  ['a pattern of packages', { packages: ['php*'] }, /'php\*' is not a package's name/],
  [
    'an unsigned repository',
    { repository: { url: 'http://p' } },
    /neither fingerprints nor pubkey\. If nobody signs it, say signature_type: none/,
  ],
  [
    'two signatures',
    { repository: { url: 'http://p', fingerprints: ['a'.repeat(64)], pubkey: '/k' } },
    /either fingerprints or pubkey/,
  ],
  [
    'another signature than it says',
    { repository: { url: 'http://p', pubkey: '/k', signature_type: 'fingerprints' } },
    /says signature_type: fingerprints and has pubkey/,
  ],
  ['a fingerprint that is none', { repository: { url: 'http://p', fingerprints: ['abc'] } }, /'abc' is no fingerprint/],
  [
    'a key that is none',
    { repository: { url: 'http://p', pubkey: 'abc' } },
    /is a path on the host, or the key itself/,
  ],
  ['a quote in a URL', { repository: { ...repository, url: 'http://p/"' } }, /is no URL/],
  ['a file in /dev', { files: [{ path: '/dev/null', content: '' }] }, /nothing can be put into \/dev/],
  ['the manifest', { files: [{ path: '.blueprint.json', content: '' }] }, /is written when the blueprint is complete/],
  ['the root', { directories: ['/'] }, /a path inside the blueprint is empty/],
  ['a command of no words', { commands: [[]] }, /a command is empty/],
])('%s is refused', (_, options, message) => {
  expect(() => requestsOf(task(options))).toThrow(message)
})

test('a login never gets into a message', () => {
  const url = 'http://anna:hunter2@p'
  for (const options of [
    { base: { url } },
    { base: { mirrors: [url] } },
    { repository: { url } },
    { pkgbase: { url } },
  ])
    expect(() => requestsOf(task(options))).toThrow(/^((?!hunter2).)*has a login((?!hunter2).)*$/s)
})
