/** What the build makes of the modules there are. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { bundle } from '../build/bundle.ts'
import { collectionFiles, info } from '../build/collection.ts'
import { complaintsAbout, MARKER } from '../build/guard.ts'
import { loadModules } from '../build/modules.ts'
import { withModuleTable } from '../build/readme.ts'
import { exampleTasks, sidecarOf } from '../build/sidecar.ts'
import { packCollection } from '../build/tarball.ts'

const definitions = await loadModules()
const files = await collectionFiles(definitions)

test('the table in README.md is that of the modules there are: npm run build writes it', () => {
  const readme = readFileSync('README.md', 'utf8')
  expect(withModuleTable(readme, definitions)).toBe(readme)
})

test('a README without the markers is refused by name', () => {
  expect(() => withModuleTable('# Title\n', definitions)).toThrow(/README.md lacks the lines/)
})

describe.each(definitions.map(definition => [definition.name, definition] as const))('%s', (name, definition) => {
  const program = files.get(`plugins/modules/${name}.cjs`) ?? Buffer.alloc(0)
  const sidecar = parse(files.get(`plugins/modules/${name}.yml`)?.toString() ?? '')

  test('is a file that Ansible sends as it is meant', () => {
    expect(complaintsAbout(program)).toEqual([])
    expect(program.toString().startsWith(`#!/usr/local/bin/node\nconst __ANSIBLE_FN=()=>(${MARKER});`)).toBe(true)
  })

  test('its documentation names every option and everything it returns', () => {
    expect(Object.keys(sidecar.DOCUMENTATION.options)).toEqual(Object.keys(definition.options))
    expect(Object.keys(sidecar.RETURN.state.contains)).toEqual(Object.keys(definition.state))
    expect(sidecar.DOCUMENTATION.module).toBe(name)
  })

  test('its examples are tasks, as text, that say what the definition says', () => {
    expect(typeof sidecar.EXAMPLES).toBe('string')
    expect(parse(sidecar.EXAMPLES)).toEqual(JSON.parse(JSON.stringify(exampleTasks(name, definition.examples))))
  })

  test('an option that is required says so, and one with choices lists them', () => {
    const flat = JSON.stringify(parse(sidecarOf(definition)))
    expect(flat).not.toContain('undefined')
    expect(flat).not.toContain('"description":""')
  })
})

test('two builds of the same sources give the same bytes', async () => {
  const again = packCollection(info, await collectionFiles(await loadModules()))
  expect(again.equals(packCollection(info, files))).toBe(true)
})

test('the packed collection holds every file but the one that says how to build it', () => {
  const tar = gunzipSync(packCollection(info, files))
  const names = [...files.keys()]
  expect(names.filter(name => !tar.includes(`${name}\0`) && name.length <= 100)).toEqual(['galaxy.yml'])
})

test('nothing lies beside the modules that Ansible could take for one', () => {
  const beside = [...files.keys()].filter(path => path.startsWith('plugins/modules/'))
  expect(beside.sort()).toEqual(
    definitions.flatMap(({ name }) => [`plugins/modules/${name}.cjs`, `plugins/modules/${name}.yml`]).sort(),
  )
})

test('a module that does not exist fails the build and is named', async () => {
  await expect(bundle('no_such_module')).rejects.toThrow(/no_such_module/)
})
