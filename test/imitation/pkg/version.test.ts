import { expect, test } from 'vitest'
import { fakeFreeBSD } from '../../support/fake-freebsd.ts'
import { compareVersions } from './version.ts'

test.each([
  ['8.3.1', '8.4.0', -1],
  ['8.4.0,1', '9.0', 1],
  ['1.0_1', '1.0', 1],
  ['1.0.b2', '1.0', -1],
  ['1.0rc1', '1.0', -1],
  ['1.0a', '1.0', 1],
  ['10.11.9', '10.6.20', 1],
  ['2.0', '2.0', 0],
])('version -t %s %s [pkg-5]', (a, b, order) => {
  expect(compareVersions(a, b)).toBe(order)
  expect(fakeFreeBSD().outside('pkg', 'version', '-t', a, b).stdout).toBe(`${'<=>'[order + 1]}\n`)
})
