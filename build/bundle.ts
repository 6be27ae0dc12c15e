/**
 * One file per module: its definition, the core, and the few packages they use, as `node` reads them from its standard
 * input. The code is compressed, as Ansible's own AnsiballZ wrapper does with Python modules: it is sent over ssh for each
 * task, and this makes it less than half.
 */
import { deflateRawSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import { launching, SHEBANG } from '../modules/core/launch.ts'
import { complaintsAbout, MARKER } from './guard.ts'
import { root } from './paths.ts'

/** The packages that may be sent to hosts. Another one is a decision, to be seen in review. */
const BUNDLED: readonly string[] = ['fastest-levenshtein', 'node-diff3', 'zod', 'execa', ...broughtByExeca()]

/** Read back as text, so that no key and no large number is changed by being a literal: modules/core/program.ts. */
const ARGUMENTS = `const __ANSIBLE_FN=()=>(${MARKER});`

export class BuildFailed extends Error {}

/** A module's file. With `program`, the same code is also that program of `programs/`, which the module installs. */
export async function bundle(name: string, program?: string): Promise<Buffer> {
  const { packed, strangers } = await packedCode(name, program)
  const file = Buffer.from(`${SHEBANG}\n${ARGUMENTS}\n${launching(packed, `${name}.cjs`)}`, 'latin1')
  const complaints = [...strangers, ...complaintsAbout(file)]
  if (complaints.length > 0) throw new BuildFailed(`modules/${name}.ts: ${complaints.join('; ')}`)
  return file
}

export async function packedCode(name: string, program?: string): Promise<{ packed: string; strangers: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: entry(name, program), sourcefile: `${name}.entry.ts`, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    minify: true,
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'silent',
  }).catch((error: Error) => {
    throw new BuildFailed(error.message)
  })
  const [output] = outputFiles
  if (!output) throw new BuildFailed(`esbuild made nothing of modules/${name}.ts`)
  const packed = deflateRawSync(output.contents, { level: 9 }).toString('base64')
  return { packed, strangers: strangersIn(metafile) }
}

function entry(name: string, program: string | undefined): string {
  const asModule = [
    `import definition from './modules/${name}.ts'`,
    `import { runProgram } from './modules/core/program.ts'`,
  ]
  if (program === undefined) return [...asModule, 'runProgram(definition, __ANSIBLE_FN)'].join('\n')
  return [
    ...asModule,
    `import program from './programs/${program}.ts'`,
    `import { runHostProgram } from './modules/core/host-program.ts'`,
    'if (__ANSIBLE_FN) runProgram(definition, __ANSIBLE_FN)',
    'else runHostProgram(program, process.argv.slice(2))',
  ].join('\n')
}

function strangersIn(metafile: Metafile): string[] {
  const strangers = packagesIn(metafile).filter(name => !BUNDLED.includes(name))
  return strangers.length === 0
    ? []
    : [`it would send to hosts what build/bundle.ts does not list: ${strangers.join(', ')}`]
}

function broughtByExeca(): string[] {
  return `
    @sec-ant/readable-stream @sindresorhus/merge-streams cross-spawn figures get-stream human-signals is-plain-obj
    is-stream is-unicode-supported isexe npm-run-path parse-ms path-key pretty-ms shebang-command shebang-regex
    signal-exit strip-final-newline unicorn-magic which yoctocolors
  `
    .trim()
    .split(/\s+/)
}

function packagesIn(metafile: Metafile): string[] {
  const names = Object.keys(metafile.inputs).map(path => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
  return [...new Set(names.filter(name => name !== undefined))].sort()
}
