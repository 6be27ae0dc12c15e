/** The built collection in dist/, and whether it is that of the sources as they are now. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, step } from './say.mjs'

const SOURCES = [
  'build',
  'inventory',
  'modules',
  'playbooks',
  'plugins',
  'programs',
  'roles',
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'package.json',
  'package-lock.json',
]
const STAMP = join(root, 'dist', '.built-from')

export async function needCollection() {
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === digestOf(SOURCES)) return
  await step(
    'building the collection, since a source changed (about 5 s)',
    [process.execPath, '--import', './build/register.mjs', 'build/index.ts', '--only-dist'],
    'Mend that first.',
  )
  noteCollection()
}

/** What is in dist/ was built from the sources as they are now. */
export const noteCollection = () => writeFileSync(STAMP, digestOf(SOURCES))

function digestOf(paths) {
  const hash = createHash('sha256').update(process.version)
  for (const path of paths.flatMap(filesIn)) hash.update(`\0${path}\0`).update(readFileSync(join(root, path)))
  return hash.digest('hex')
}

function filesIn(path) {
  const full = join(root, path)
  if (!existsSync(full)) return []
  if (!statSync(full).isDirectory()) return [path]
  return readdirSync(full)
    .sort()
    .flatMap(name => filesIn(join(path, name)))
}
