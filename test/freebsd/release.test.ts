import { describe, expect, test } from 'vitest'
import { UnexpectedOutput } from '../../modules/core/errors.ts'
import { abiOf, digestInManifest, kernelVersionOf, parseRelease, urlOnMirror } from '../../modules/freebsd/release.ts'
import { readKernel } from '../../modules/freebsd/uname.ts'
import { releaseFiles } from '../fixtures/releases.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { machineThatSays } from './zfs-transcript.ts'

test.each([
  ['14.2-RELEASE', 1_402_000],
  ['15.0-RELEASE', 1_500_000],
  ['14.3-RC1', 1_403_000],
])('%s has __FreeBSD_version %i', (name, version) => {
  const release = parseRelease(name)
  expect(release && kernelVersionOf(release)).toBe(version)
})

test.each(['14.2', '14.2-RELEASE-p1', 'latest', '14.2-RELEASE/..', ''])('%j is no release', name => {
  expect(parseRelease(name)).toBeUndefined()
})

test('the ABI of a release', () => expect(abiOf({ major: 14, minor: 2 }, 'aarch64')).toBe('FreeBSD:14:aarch64'))

test('where mirrors have a release', () => {
  expect(urlOnMirror('http://m/releases/', '14.2-RELEASE', 'amd64', 'base.txz')).toBe(
    'http://m/releases/amd64/amd64/14.2-RELEASE/base.txz',
  )
  expect(urlOnMirror('http://m', '15.0-RELEASE', 'aarch64', 'MANIFEST')).toBe(
    'http://m/arm64/aarch64/15.0-RELEASE/MANIFEST',
  )
})

describe('MANIFEST', () => {
  test('has the digest of each file', () => {
    const { MANIFEST } = releaseFiles('14.2-RELEASE')
    expect(digestInManifest(MANIFEST, 'base.txz')).toMatch(/^[0-9a-f]{64}$/)
    expect(digestInManifest(MANIFEST, 'ports.txz')).toBeUndefined()
  })

  test('that is a web page is not read', () => {
    expect(() => digestInManifest('<html>not found</html>\n', 'base.txz')).toThrow(UnexpectedOutput)
  })
})

test('what the host runs', async () => {
  expect(await readKernel(fakeFreeBSD())).toEqual({ architecture: 'amd64', version: 1_402_000 })
  await expect(readKernel(machineThatSays(() => ({ stdout: 'amd64\n' })))).rejects.toThrow(UnexpectedOutput)
})
