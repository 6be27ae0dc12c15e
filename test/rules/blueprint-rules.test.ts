/** What follows from what was seen of a blueprint: differences, drift, and manifests before and after an amendment. */
import { describe, expect, test } from 'vitest'
import { addedBy, differencesTo } from '../../modules/rules/blueprint/compare.ts'
import { driftOf } from '../../modules/rules/blueprint/drift.ts'
import type { Tree } from '../../modules/rules/blueprint/look.ts'
import {
  asOfRevision,
  digestOf,
  digestsOfFiles,
  type Manifest,
  parseListing,
  parseManifest,
  recipeOf,
  renderListing,
  renderManifest,
} from '../../modules/rules/blueprint/manifest.ts'
import type { Request } from '../../modules/rules/blueprint/requests.ts'
import { amendedManifest, lostBy } from '../../modules/rules/blueprint/seal.ts'
import { describeBytes } from '../../modules/rules/blueprint/work.ts'

const pkg = (name: string, version = '1', automatic = false) => ({
  name,
  version,
  origin: `devel/${name}`,
  bytes: 1,
  automatic,
})

const manifest: Manifest = {
  format: 1,
  name: 'b',
  release: '14.2-RELEASE',
  architecture: 'amd64',
  abi: 'FreeBSD:14:amd64',
  base: { sha256: 'a'.repeat(64) },
  requested: ['php83'],
  files: digestsOfFiles([{ path: 'etc/x', content: 'x' }]),
  commands: [['true']],
  packages: [pkg('libxml2', '2', true), pkg('php83')],
  totals: { packages: 2, bytes: 2, files: 1 },
  revision: 1,
  digest: 'sha256:1',
  revisions: [{ revision: 1, created: '', reason: 'built', requested: ['php83'], added: [], digest: 'sha256:1' }],
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
    [{ commands: [] }, ['other commands were run in it']],
    [{ pkgbase: { url: 'http://m' } }, ['its base is from base.txz, not from packages']],
    [{ packages: ['nginx'], amend: true }, []],
  ])('%j: %j', (options, expected) => expect(differencesTo(asked(options), manifest)).toEqual(expected))

  test('what an amendment adds', () => {
    expect(addedBy(asked({ packages: ['nginx', 'php83'], amend: true }), manifest)).toEqual(['nginx'])
    expect(addedBy(asked({ packages: ['nginx'] }), manifest)).toEqual([])
  })
})

describe('manifests', () => {
  const amended = amendedManifest(manifest, ['php83-gd'], 'why', grown, new Date(0))

  test('are read as they were written', () => {
    expect(parseManifest(renderManifest(amended), 'x')).toEqual(amended)
    for (const text of [undefined, '', '{}', '[]', 'null', '{"format":1}'])
      expect(parseManifest(text, 'x')).toBeUndefined()
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

  test('a recipe tells one blueprint from another, wherever its packages come from', () => {
    const request = asked({ packages: ['a'], release: '14.2-RELEASE' })
    expect(recipeOf(request, 'amd64')).toBe(recipeOf({ ...request, repository: { url: 'http://p' } }, 'amd64'))
    for (const other of [
      { packages: ['b'] },
      { release: '14.3-RELEASE' },
      { commands: [['true']] },
      { directories: ['x'] },
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
