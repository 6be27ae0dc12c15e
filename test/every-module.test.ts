/** Laws that hold for every example of every module. A module comes under them by existing. */
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { apply, check, converge } from '../modules/core/converge.ts'
import { type AnyDefinition, UNKNOWN } from '../modules/core/module.ts'
import { docOf, type Shape } from '../modules/core/options.ts'
import { hostForExample } from './support/example-hosts.ts'

const files = readdirSync('modules').filter(file => file.endsWith('.ts'))
const definitions = await Promise.all(
  files.map(
    async file => [basename(file, '.ts'), (await import(`../modules/${file}`)).default as AnyDefinition] as const,
  ),
)
const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'the laws' }

describe.each(definitions)('%s', (name, definition) => {
  test('is named after its file', () => expect(definition.name).toBe(name))

  test('describes every option and every part of its state, in snake_case', () => {
    expect(
      keysOf({ ...definition.options, ...definition.state }).filter(key => !/^[a-z][a-z0-9_]*$/.test(key)),
    ).toEqual([])
    expect(undescribed({ ...definition.options, ...definition.state })).toEqual([])
    expect(definition.summary).not.toMatch(/\.$/)
  })

  test('has examples', () => expect(Object.keys(definition.examples).length).toBeGreaterThan(0))

  describe.each(Object.entries(definition.examples))('%s', (title, options) => {
    test('checking performs nothing and foretells what applying reports', async () => {
      const host = await hostForExample(name, title)
      const foretold = await converge(definition, options, host, check, circumstances)
      expect(host.performed).toEqual([])

      const report = await converge(definition, options, host, apply, circumstances)
      expect(untimed(knownIn(foretold, report))).toEqual(untimed(report))
      expect(host.performed).toHaveLength(report.steps.length)
    })

    test('a second run sees what the first foretold and has nothing to do', async () => {
      const host = await hostForExample(name, title)
      const first = await converge(definition, options, host, apply, circumstances)
      const second = await converge(definition, options, host, apply, circumstances)
      expect(second).toMatchObject({ changed: false, steps: [], state: first.state })
      expect(second.diff.before).toEqual(first.diff.after)
    })
  })
})

/** A table of what was measured is foretold without the times. */
const untimed = <T extends { readonly msg: string }>(report: T) => ({
  ...report,
  msg: report.msg.replace(/ +\d+\.\d\d s away/g, '').replace(/ {2,}/g, '  '),
})

function keysOf(shape: Shape): string[] {
  return Object.entries(shape).flatMap(([key, option]) => [
    key,
    ...keysOf(docOf(option).suboptions ?? {}),
    ...keysOf(docOf(option).elements?.suboptions ?? {}),
  ])
}

function undescribed(shape: Shape): string[] {
  return Object.entries(shape).flatMap(([key, option]) => {
    const { about, suboptions, elements } = docOf(option)
    const below = undescribed({ ...suboptions, ...elements?.suboptions })
    return /[.:)]$/.test(about) ? below : [key, ...below]
  })
}

/** What was foretold, with what the run found wherever it said that this is unknown. */
function knownIn<T>(foretold: T, found: unknown): T {
  if (foretold === UNKNOWN) return found as T
  if (Array.isArray(foretold)) return foretold.map((item, index) => knownIn(item, (found as unknown[])[index])) as T
  if (typeof foretold !== 'object' || foretold === null) return foretold
  return Object.fromEntries(
    Object.entries(foretold).map(([key, value]) => [key, knownIn(value, (found as Record<string, unknown>)?.[key])]),
  ) as T
}
