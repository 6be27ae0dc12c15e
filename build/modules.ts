/** The modules there are: each file of modules/, its definition as the default export. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyDefinition } from '../modules/core/module.ts'
import { root } from './paths.ts'

export const modulesDirectory = join(root, 'modules')

export function moduleNames(): string[] {
  return readdirSync(modulesDirectory, { withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => entry.name.slice(0, -'.ts'.length))
    .sort()
}

export async function loadModules(): Promise<AnyDefinition[]> {
  return Promise.all(
    moduleNames().map(async name => {
      const { default: definition } = (await import(`../modules/${name}.ts`)) as { default: AnyDefinition }
      if (definition.name !== name)
        throw new Error(`modules/${name}.ts defines '${definition.name}': a module is named after its file`)
      return definition
    }),
  )
}
