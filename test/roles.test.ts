/** What a role says of itself, in three places: they agree. Ansible looks at `argument_specs.yml` alone, a person at all. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

interface Option {
  readonly description: string | readonly string[]
  readonly type: string
  readonly elements?: string
  readonly default?: unknown
  readonly required?: boolean
  readonly choices?: readonly unknown[]
  readonly options?: Options
}
type Options = Readonly<Record<string, Option>>

const read = (path: string) => readFileSync(path, 'utf8')

/** What a template gives where an inventory says nothing: `zroot/hosting` of `{{ hosting_dataset | default('zroot/hosting') }}`. */
const plain = (value: unknown): unknown =>
  typeof value === 'string' ? (/^\{\{ \w+ \| default\('(.*)'\) \}\}$/.exec(value)?.[1] ?? value) : value

const isTemplate = (value: unknown) => typeof value === 'string' && value.includes('{{')

/** What is wrong with a value by its option, as far as it can be seen without Ansible. */
function wrong(value: unknown, option: Option | undefined, place: string): string[] {
  if (option === undefined) return [`there is no option ${place}`]
  const { type, elements, choices, options } = option
  if (!FORMS[type]?.(value)) return [`${place} is no ${type}`]
  if (choices !== undefined && !choices.includes(value)) return [`${place} is none of its choices`]
  if (Array.isArray(value) && elements !== undefined)
    return value.flatMap((one, at) =>
      wrong(one, { description: '', type: elements, ...(options === undefined ? {} : { options }) }, `${place}[${at}]`),
    )
  return options === undefined ? [] : wrongIn(value as object, options, place)
}

function wrongIn(given: object, options: Options, place: string): string[] {
  const missing = Object.entries(options).filter(([name, { required }]) => required && !(name in given))
  return [
    ...missing.map(([name]) => `${place} has no ${name}`),
    ...Object.entries(given).flatMap(([name, value]) => wrong(value, options[name], `${place}.${name}`)),
  ]
}

const isText = (value: unknown) => typeof value === 'string'
const FORMS: Readonly<Record<string, (value: unknown) => boolean>> = {
  str: isText,
  path: isText,
  int: Number.isInteger,
  bool: value => typeof value === 'boolean',
  list: Array.isArray,
  dict: value => typeof value === 'object' && value !== null && !Array.isArray(value),
}

describe.each(readdirSync('roles'))('%s', role => {
  const specs = parse(read(`roles/${role}/meta/argument_specs.yml`)).argument_specs
  const options: Options = specs.main.options
  const defaults: Record<string, unknown> = parse(read(`roles/${role}/defaults/main.yml`))
  const readme = read(`roles/${role}/README.md`)

  test('each variable has a default, and is described with it', () => {
    expect(Object.keys(defaults).sort()).toEqual(Object.keys(options).sort())
    for (const [name, { default: told, description }] of Object.entries(options)) {
      const value = plain(defaults[name])
      if (told === undefined) expect([description].flat().join(' '), name).toMatch(/\bDefault\b/)
      // What a host's own name gives is told in words.
      else if (isTemplate(value)) expect(told, name).toBeTypeOf('string')
      else expect(told, name).toEqual(value)
    }
  })

  test('its defaults are of the types that are asked for', () => {
    const values = Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, plain(value)]))
    expect(wrongIn(values, options, role)).toEqual([])
  })

  test('its README shows how it is used alone, with variables that it has', () => {
    expect(readme).toContain('(meta/argument_specs.yml)')
    const plays = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].flatMap(([, text = '']) => parse(text))
    const shown = plays.filter(play => play.roles?.[0]?.role === `bluejail.hosting.${role}`)
    expect(shown).toHaveLength(1)
    const { roles, ...play } = shown[0]
    expect(play).toMatchObject({ hosts: expect.any(String), become: true, gather_facts: false })
    const [{ role: _, ...variables }] = roles
    expect(wrongIn(variables, options, role)).toEqual([])
  })

  test('its other entry points are described, and there', () => {
    const tasks = readdirSync(`roles/${role}/tasks`).map(file => file.replace(/\.yml$/, ''))
    expect(tasks).toEqual(expect.arrayContaining(Object.keys(specs)))
  })
})
