/** Packed code as a file that node runs, and a program's ends. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Refused } from '../../modules/core/errors.ts'
import {
  defineProgram,
  type ExitStatus,
  outcomeOf,
  type Surroundings,
  WrongUsage,
} from '../../modules/core/host-program.ts'
import { launching, programFile, SHEBANG } from '../../modules/core/launch.ts'

const packed = deflateRawSync(
  Buffer.from(
    `process.stdout.write(JSON.stringify([__ANSIBLE_FN ? __ANSIBLE_FN() : 'program', __PACKED.length, process.argv.slice(2)]))`,
  ),
).toString('base64')

test('one code is a module with a line of arguments before it, and a program without', () => {
  const asModule = `${SHEBANG}\nconst __ANSIBLE_FN=()=>({"name":"a"});\n${launching(packed, 'thing.cjs')}`
  expect(JSON.parse(execFileSync(process.execPath, { input: asModule, encoding: 'utf8' }))).toEqual([
    { name: 'a' },
    packed.length,
    [],
  ])

  const directory = mkdtempSync(join(tmpdir(), 'program-'))
  const file = join(directory, 'thing')
  writeFileSync(file, programFile(packed, 'thing'))
  chmodSync(file, 0o755)
  const { stdout } = spawnSync(process.execPath, [file, 'run', '--json'], { encoding: 'utf8' })
  rmSync(directory, { recursive: true })
  expect(JSON.parse(stdout)).toEqual(['program', packed.length, ['run', '--json']])
})

const ending = async (main: () => Promise<ExitStatus>, args: string[] = []) => {
  const said: string[] = []
  const program = defineProgram({ name: 'thing', summary: 'A thing', usage: 'usage: thing run', main })
  const around = {
    args,
    say: line => said.push(line),
    complain: line => said.push(`! ${line}`),
  } as Partial<Surroundings> as Surroundings
  return [await outcomeOf(program, around), ...said]
}

test('a program ends with its own status, and with 2 where it could not do its work', async () => {
  expect(await ending(async () => 1)).toEqual([1])
  expect(await ending(async () => Promise.reject(new Refused('There is no policy.')))).toEqual([
    2,
    '! thing: There is no policy.',
  ])
  expect(await ending(async () => Promise.reject(new WrongUsage(`'walk' is no command`)))).toEqual([
    2,
    `! thing: 'walk' is no command\nusage: thing run`,
  ])
  expect((await ending(async () => Promise.reject(new TypeError('x'))))[1]).toMatch(/has a bug.*TypeError: x/s)
  expect(await ending(async () => 1, ['run', '--help'])).toEqual([0, 'thing: A thing\n\nusage: thing run'])
})
