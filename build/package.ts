/** What the collection is called and which version it is: package.json says it once. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './paths.ts'

export const namespace = 'bluejail'
export const collectionShortName = 'hosting'
export const collectionName = `${namespace}.${collectionShortName}`
// In the form that `ansible-test sanity` accepts.
export const author = 'the bluejail.hosting authors (!UNKNOWN)'

export const { version, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
  description: string
}
