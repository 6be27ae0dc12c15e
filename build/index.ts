/** `npm run build`: the collection in dist/, and the table in README.md. With `--only-dist` no source is touched. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BuildFailed } from './bundle.ts'
import { collectionFiles, type Files, info, isProgram } from './collection.ts'
import { loadModules } from './modules.ts'
import { dist, root } from './paths.ts'
import { withModuleTable } from './readme.ts'
import { packCollection } from './tarball.ts'

async function build({ onlyDist }: { onlyDist: boolean }): Promise<void> {
  const definitions = await loadModules()
  if (!onlyDist) rewrite(join(root, 'README.md'), readme => withModuleTable(readme, definitions))
  const files = await collectionFiles(definitions)
  const tarball = packCollection(info, files)
  install(files, tarball)

  console.log(
    `built ${info.namespace}.${info.name} ${info.version}: ${definitions.length} module(s), ${kilobytes(tarball)} packed`,
  )
  for (const { name } of definitions)
    console.log(`  ${name}: ${kilobytes(files.get(`plugins/modules/${name}.cjs`) ?? Buffer.alloc(0))} sent to a host`)
}

/** Puts a complete tree in the place of the one before, so that nobody meets half of one. */
function install(files: Files, tarball: Buffer): void {
  mkdirSync(dist, { recursive: true })
  const workshop = mkdtempSync(join(dist, '.build-'))
  const built = join(workshop, 'ansible_collections')
  for (const [path, content] of files) {
    const full = join(built, info.namespace, info.name, path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, content, { mode: isProgram(path) ? 0o755 : 0o644 })
  }
  const place = join(dist, 'ansible_collections')
  const retired = join(workshop, 'retired')
  rmSync(join(dist, '.built-from'), { force: true })
  try {
    renameSync(place, retired)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  renameSync(built, place)
  writeFileSync(join(dist, `${info.namespace}-${info.name}-${info.version}.tar.gz`), tarball)
  rmSync(workshop, { recursive: true })
}

function rewrite(path: string, change: (text: string) => string): void {
  const before = readFileSync(path, 'utf8')
  const after = change(before)
  if (after !== before) writeFileSync(path, after)
}

const kilobytes = (bytes: Buffer) => `${Math.ceil(bytes.length / 1000)} KB`

try {
  await build({ onlyDist: process.argv.includes('--only-dist') })
} catch (error) {
  if (!(error instanceof BuildFailed)) throw error
  console.error(error.message)
  process.exitCode = 1
}
