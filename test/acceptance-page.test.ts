/** The page of what only a real host can show is that of the cases as they are. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { page, renderPage } from './acceptance/page.ts'

test('test/acceptance/README.md is up to date: node --import ./build/register.mjs test/acceptance/page.ts', () => {
  expect(readFileSync(page, 'utf8')).toBe(renderPage())
})

test('it tells what a sandbox cannot show of owners, flags, network stacks and mounts', () => {
  const text = renderPage()
  for (const word of [/owners/, /schg/, /VNET/, /nullfs/]) expect(text).toMatch(word)
})
