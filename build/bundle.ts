/**
 * One file per module: its definition, the core, and the few packages they use, as `node` reads them from its standard
 * input. The code is compressed, as Ansible's own AnsiballZ wrapper does with Python modules: it is sent over ssh for each
 * task, and this makes it less than half.
 */
import { deflateRawSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import { complaintsAbout, MARKER } from './guard.ts'
import { root } from './paths.ts'

/** The packages that may be sent to hosts. Another one is a decision, to be seen in review. */
const BUNDLED: readonly string[] = ['fastest-levenshtein', 'node-diff3', 'zod', 'execa', ...broughtByExeca()]

/** FreeBSD's ports install every node there. `env node` would not do: ansible-core 2.17 and later take it for one word. */
const SHEBANG = '#!/usr/local/bin/node'

/** Read back as text, so that no key and no large number is changed by being a literal: modules/core/program.ts. */
const ARGUMENTS = `const __ANSIBLE_FN=()=>(${MARKER});`

export class BuildFailed extends Error {}

export async function bundle(name: string): Promise<Buffer> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: [
        `import definition from './modules/${name}.ts'`,
        `import { runProgram } from './modules/core/program.ts'`,
        'runProgram(definition, __ANSIBLE_FN)',
      ].join('\n'),
      sourcefile: `${name}.entry.ts`,
      resolveDir: root,
      loader: 'ts',
    },
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
  const file = pack(name, output.contents)
  const complaints = [...strangersIn(metafile), ...complaintsAbout(file)]
  if (complaints.length > 0) throw new BuildFailed(`modules/${name}.ts: ${complaints.join('; ')}`)
  return file
}

function pack(name: string, code: Uint8Array): Buffer {
  const packed = deflateRawSync(code, { level: 9 }).toString('base64')
  const unpacked = `require('zlib').inflateRawSync(Buffer.from('${packed}','base64'))`
  const wrapped = `'(function(require,__ANSIBLE_FN){'+${unpacked}+'})'`
  const run = `require('vm').runInThisContext(${wrapped},{filename:'${name}.cjs'})(require,__ANSIBLE_FN)`
  return Buffer.from(`${SHEBANG}\n${ARGUMENTS}\n${run}\n`, 'latin1')
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
