/** What follows from what was seen of a blueprint: differences, drift, and manifests before and after an amendment. */
import { describe, expect, test } from 'vitest'
import { addedBy, differencesTo } from '../../modules/rules/blueprint/compare.ts'
import { driftOf } from '../../modules/rules/blueprint/drift.ts'
import {
  asOfRevision,
  digestOf,
  digestOfCommands,
  digestsOfFiles,
  type Manifest,
  parseListing,
  parseManifest,
  recipeOf,
  renderListing,
  renderManifest,
} from '../../modules/rules/blueprint/manifest.ts'
import type { Request } from '../../modules/rules/blueprint/requests.ts'
import { amendedManifest, firstManifest, lostBy } from '../../modules/rules/blueprint/seal.ts'
import type { Tree } from '../../modules/rules/blueprint/tree.ts'
import { describeBytes } from '../../modules/rules/blueprint/work.ts'

const pkg = (name: string, version = '1', automatic = false) => ({
  name,
  version,
  origin: `devel/${name}`,
  bytes: 1,
  automatic,
})

const manifest: Manifest = {
  format: 2,
  name: 'b',
  release: '14.2-RELEASE',
  architecture: 'amd64',
  abi: 'FreeBSD:14:amd64',
  base: { sha256: 'a'.repeat(64) },
  requested: ['php83'],
  files: digestsOfFiles([{ path: 'etc/x', content: 'x' }]),
  directories: ['srv'],
  commands: digestOfCommands([['true']]),
  packages: [pkg('libxml2', '2', true), pkg('php83')],
  totals: { packages: 2, bytes: 2, files: 1 },
  revision: 1,
  digest: 'sha256:1',
  revisions: [{ revision: 1, created: '', requested: ['php83'], added: [], digest: 'sha256:1' }],
}

const asked = (options: Partial<Request>): Request => ({
  name: 'b',
  state: 'present',
  amend: false,
  reason: 'why',
  verify: false,
  keepsWaysBack: true,
  ...options,
})

const grown = {
  dataset: { properties: new Map() },
  packages: [pkg('libgd', '3', true), pkg('libxml2', '2', true), pkg('php83'), pkg('php83-gd')],
  listing: new Map([['./a', 'type=file']]),
} as unknown as Tree

describe('differences', () => {
  test.each<[Partial<Request>, string[]]>([
    [{}, []],
    [{ release: '14.2-RELEASE', architecture: 'amd64', packages: ['php83'], commands: [['true']] }, []],
    [{ base: { url: 'http://m/base.txz' } }, []],
    [{ packages: [] }, ['it was made with php83, which the task does not list']],
    [{ files: [] }, ['these of its files differ: /etc/x']],
    [{ files: [{ path: 'etc/x', content: 'x', mode: 0o600 }] }, ['these of its files differ: /etc/x']],
    [{ directories: ['srv'] }, []],
    [{ directories: [] }, ['it was made with the directory srv, which the task does not list']],
    [{ directories: ['srv', 'www'], amend: true }, ['it was made without the directory www']],
    [{ commands: [] }, ['other commands were run in it']],
    [{ pkgbase: { url: 'http://m' } }, ['its base is from base.txz, not from packages']],
    [
      { repository: { url: 'http://m', abi: 'FreeBSD:15:amd64' } },
      ['its ABI is FreeBSD:14:amd64, not FreeBSD:15:amd64'],
    ],
    [{ packages: ['nginx'], amend: true }, []],
  ])('%j: %j', (options, expected) => expect(differencesTo(asked(options), manifest)).toEqual(expected))

  const ofPackages: Manifest = { ...manifest, base: { packages: ['FreeBSD-runtime', 'FreeBSD-ssh'] } }

  test.each<[Partial<Request>, string[]]>([
    [{}, []],
    [{ pkgbase: { url: 'http://m', packages: ['FreeBSD-runtime', 'FreeBSD-ssh'] } }, []],
    [{ pkgbase: { url: 'http://another-mirror', packages: ['FreeBSD-runtime', 'FreeBSD-ssh'] } }, []],
    [
      { pkgbase: { url: 'http://m', packages: ['FreeBSD-runtime', 'FreeBSD-zfs'] }, amend: true },
      [
        'it was made without the base package FreeBSD-zfs',
        'it was made with the base package FreeBSD-ssh, which the task does not list',
      ],
    ],
    [
      { pkgbase: { url: 'http://m' } },
      [
        'it was made without the base package FreeBSD-set-base-jail',
        'it was made with the base package FreeBSD-runtime, FreeBSD-ssh, which the task does not list',
      ],
    ],
    [{ pkgbase: { url: 'http://m', packages: ['FreeBSD-runtime', 'FreeBSD-ssh'], abi: 'x' } }, [expect.any(String)]],
    [{ base: {} }, ['its base is from packages, not from base.txz']],
    [{ base: { sha256: 'a'.repeat(64) } }, ['its base is from packages, not from base.txz']],
  ])('of a base of packages %j: %j', (options, expected) =>
    expect(differencesTo(asked(options), ofPackages)).toEqual(expected),
  )

  test('what an amendment adds', () => {
    expect(addedBy(asked({ packages: ['nginx', 'php83'], amend: true }), manifest)).toEqual(['nginx'])
    expect(addedBy(asked({ packages: ['nginx'] }), manifest)).toEqual([])
  })
})

describe('manifests', () => {
  const amended = amendedManifest(manifest, ['php83-gd'], grown, new Date(0))

  test('are read as they were written', () => {
    expect(parseManifest(renderManifest(amended), 'x')).toEqual(amended)
    for (const text of [undefined, '', '{}', '[]', 'null', '{"format":1}'])
      expect(parseManifest(text, 'x')).toBeUndefined()
  })

  test('hold nothing that only the operator is to know: every instance can read them', () => {
    const request = asked({
      reason: 'Larsen Boats makes thumbnails',
      pkgbase: { url: 'http://pkg.internal.example.net/base' },
      repository: { url: 'http://pkg.internal.example.net/2026Q4' },
      commands: [['pw', 'useradd', 'anna']],
    })
    const first = firstManifest(request, 'amd64', grown, new Date(0))
    const text = renderManifest(amendedManifest(first, ['php83-gd'], grown, new Date(0)))
    expect(text).not.toMatch(/Larsen|internal|useradd|anna/)
    expect(differencesTo(request, first)).toEqual([])
  })

  test('of format 1 are read without what those told, and told too little to be compared', () => {
    const { directories: _, ...rest } = manifest
    const older = {
      ...rest,
      format: 1,
      base: { pkgbase: 'http://anna:secret@m/base' },
      commands: [['true']],
      revisions: [{ ...manifest.revisions[0], reason: 'built' }],
    }
    const read = parseManifest(JSON.stringify(older), 'x')
    expect(read).toEqual({ ...rest, base: {} })
    const request = asked({ pkgbase: { url: 'http://m', packages: ['x'] }, directories: ['y'], commands: [['true']] })
    expect(differencesTo(request, read as Manifest)).toEqual([])
    expect(differencesTo(asked({ commands: [['false']] }), read as Manifest)).toEqual(['other commands were run in it'])
    const { base: __, commands: ___, revisions: ____, ...bare } = older
    expect(parseManifest(JSON.stringify(bare), 'x')).toMatchObject({ base: { sha256: '' }, revisions: [] })
    expect(parseManifest(JSON.stringify({ ...older, base: { sha256: 'b' } }), 'x')?.base).toEqual({ sha256: 'b' })
  })

  test('of an amendment have what was asked for and what came with it', () => {
    expect(amended).toMatchObject({ revision: 2, requested: ['php83', 'php83-gd'] })
    expect(amended.revisions[1]).toMatchObject({ requested: ['php83-gd'], added: ['libgd-3', 'php83-gd-1'] })
  })

  test('go back to the revision that was complete', () => {
    const { digest: _amended, totals: _counted, ...before } = asOfRevision(amended, 1)
    const { digest: _first, totals: _few, ...expected } = manifest
    expect(before).toEqual(expected)
  })

  test('tell what an amendment should have left alone', () => {
    expect(lostBy(manifest, grown)).toEqual([])
    expect(lostBy(manifest, { ...grown, packages: [pkg('php83', '2')] })).toEqual(['libxml2-2', 'php83-1'])
  })

  test('a recipe tells one blueprint from another, by all that is in it and where that comes from', () => {
    const request = asked({ packages: ['a'], release: '14.2-RELEASE', pkgbase: { url: 'http://p', packages: ['x'] } })
    expect(recipeOf({ ...request, verify: true, reason: 'another' }, 'amd64')).toBe(recipeOf(request, 'amd64'))
    for (const other of [
      { packages: ['b'] },
      { release: '14.3-RELEASE' },
      { commands: [['true']] },
      { directories: ['x'] },
      { pkgbase: { url: 'http://p', packages: ['x', 'y'] } },
      { pkgbase: { url: 'http://q', packages: ['x'] } },
      { repository: { url: 'http://p' } },
    ])
      expect(recipeOf({ ...request, ...other }, 'amd64')).not.toBe(recipeOf(request, 'amd64'))
  })
})

describe('drift', () => {
  const sealed = renderListing(
    new Map([
      ['./etc', 'mode=0755 type=dir'],
      ['./etc/x', 'mode=0644 sha256digest=a type=file'],
      ['./.blueprint.json', 'type=file'],
    ]),
  )

  test('a list is read as it was written, without our own files', () => {
    expect([...parseListing(sealed).keys()]).toEqual(['./etc', './etc/x'])
    expect(renderListing(parseListing(sealed))).toBe(sealed)
  })

  test.each<[Record<string, string>, string[]]>([
    [{ './etc': 'mode=0755 type=dir', './etc/x': 'mode=0644 sha256digest=a type=file' }, []],
    [{ './etc': 'mode=0755 type=dir' }, ['/etc/x: gone']],
    [
      { './etc': 'mode=0700 type=dir', './etc/x': 'mode=0600 sha256digest=b type=file', './y': 'type=file' },
      ['/etc: mode 0755, now 0700', '/etc/x: mode 0644, now 0600, content', '/y: new'],
    ],
    [
      { './etc': 'link=/ type=link', './etc/x': 'mode=0644 sha256digest=a type=file' },
      ['/etc: link -, now /, mode 0755, now -, type dir, now link'],
    ],
  ])('%j', (present, expected) => {
    expect(driftOf(sealed, digestOf(sealed), new Map(Object.entries(present)))).toEqual(expected)
  })

  test('without the list, or with another one, nothing is claimed', () => {
    expect(driftOf(undefined, 'x', new Map())).toEqual([expect.stringMatching(/gone, so nothing can be compared/)])
    expect(driftOf(sealed, 'sha256:other', new Map())).toEqual([expect.stringMatching(/not what was sealed/)])
  })
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [3.2 * 1024 ** 3, '3.2 GiB'],
])('%d bytes are %s', (bytes, words) => expect(describeBytes(bytes)).toBe(words))
