/** The order of versions, by pkg's own tests and the rules written down in its source. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareVersions, majorOf } from '../../modules/freebsd/pkg-version.ts'

const EARLIER: readonly (readonly [string, string])[] = [
  // freebsd/pkg, tests/frontend/version.sh
  ['1', '2'],
  ['2', '1,1'],
  ['1.pl1', '1.alpha1'],
  ['1.alpha1', '1.beta1'],
  ['1.beta1', '1.pre1'],
  ['1.pre1', '1.rc1'],
  ['1.rc1', '1'],
  ['5.20', '5.20_3'],
  ['5.20_3', '6'],
  // freebsd/poudriere, test/pkg_version.sh
  ['1.17.5_1', '1.18.3'],
  ['1.18.3', '1.17.5_1,1'],
  ['1.21.3', '2.0.b2_1'],
  ['1.pl1', '1.snap1'],
  ['1.alpha1', '1.snap1'],
  // What libpkg/pkg_version.c says above get_component
  ['1.0.1:2003.09.16', '1.0:2003.09.16'],
  ['10', '10a'],
  ['10a', '10b'],
  ['a', '0'],
  ['10.a', '10'],
  ['10alpha', '10'],
  ['pl11', 'alpha3'],
  ['alpha3', '0.1beta2'],
  ['0.1beta2', '0.1'],
  ['2.*', '2pl1'],
  ['2pl1', '2alpha3'],
  ['2alpha3', '2.9f7'],
  ['2.9f7', '3.*'],
  // 09-pkg.jsonl, fact pkg-5
  ['8.3.1', '8.4.0'],
  ['9.0', '8.4.0,1'],
  ['1.0', '1.0_1'],
  // Versions of ports
  ['1.28.0_4,3', '1.28.1,3'],
  ['10.6.20', '10.11.9'],
  ['9.9', '9.10'],
  ['2.4.p1', '2.4'],
  ['3.0.15', '3.0.15a'],
  ['1.1.1w', '3.0'],
]

test.each(EARLIER)('%s is before %s', (one, other) => {
  expect([compareVersions(one, other), compareVersions(other, one)]).toEqual([-1, 1])
})

test.each([
  ['2', '2'],
  ['1.17.5_1,0', '1.17.5_1'],
  ['1.0:2003.09.16', '1.0.2003.09.16'],
  ['10..1', '10.1'],
  ['10a1b2', '10a1.b2'],
  ['10', '10.0'],
  ['10.0', '10.0.0'],
  ['10alpha', '10.a'],
  ['0.1beta2', '0.1.b2'],
  ['1.d2', '1.dev2'],
  ['1.dev2', '1.Development2'],
  ['1.0RC1', '1.0rc1'],
])('%s is the same as %s', (one, other) => {
  expect([compareVersions(one, other), compareVersions(other, one)]).toEqual([0, 0])
})

const version = fc
  .array(fc.constantFrom('1', '2', '10', '.', 'a', 'rc', 'alpha', 'pl', '+', '_1', ',1', ':', 'Dev'), {
    minLength: 1,
    maxLength: 7,
  })
  .map(pieces => pieces.join(''))

test('it is an order: two ways round, and through a third', () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(compareVersions(a, b)).toBe(0 - compareVersions(b, a))
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
    }),
    { numRuns: 2000 },
  )
})

test.each([
  ['8.3.1', '8'],
  ['010.2', '10'],
  ['20250101,1', '20250101'],
  ['g20250101', ''],
])('the first number of %s is %s', (version, major) => {
  expect(majorOf(version)).toBe(major)
})
