/** Where things are in this repository. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
export const dist = join(root, 'dist')

/** What ANSIBLE_COLLECTIONS_PATH names. */
export const collections = dist
export const collection = join(dist, 'ansible_collections', 'bluejail', 'hosting')
