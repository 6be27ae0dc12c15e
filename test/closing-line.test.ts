/** The last line of `npm test`, and what a skip must say (test/support/closing-line.ts). */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root } from '../build/paths.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'closing-'))
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  writeFileSync(
    join(directory, 'vitest.config.ts'),
    `import { ClosingLine } from '${join(root, 'test/support/closing-line.ts')}'
     export default { test: { reporters: [['default', { summary: false }], new ClosingLine()] } }`,
  )
})
afterEach(() => rmSync(directory, { recursive: true }))

/** Runs these tests in a vitest of their own and gives its exit status and its lines. */
function run(source: string, ci: boolean): Promise<{ exit: number; lines: string[] }> {
  writeFileSync(join(directory, 'a.test.ts'), `import { expect, test } from 'vitest'\n${source}`)
  const env = { ...process.env, CI: String(ci), NO_COLOR: '1' }
  return new Promise(resolve => {
    const program = join(root, 'node_modules/vitest/vitest.mjs')
    execFile(process.execPath, [program, 'run'], { cwd: directory, env }, (error, stdout) =>
      resolve({ exit: error === null ? 0 : Number(error.code), lines: stdout.trimEnd().split('\n') }),
    )
  })
}

const passing = "test('good', () => expect(1).toBe(1))\n"
const skipping = "test('needs a tool', context => context.skip('no zpool here'))\n"

test('counts what passed', async () => {
  const { exit, lines } = await run(passing, false)
  expect([exit, lines.at(-1)]).toEqual([0, '1 passed, 0 failed, 0 skipped'])
})

test('counts what failed, also a file that cannot be read', async () => {
  expect((await run(`${passing}test('bad', () => expect(1).toBe(2))`, false)).lines.at(-1)).toBe(
    '1 passed, 1 failed, 0 skipped',
  )
  const { exit, lines } = await run('throw new Error("broken")', false)
  expect(exit).toBe(1)
  expect(lines.slice(-4)).toEqual(['== failed tests', 'a.test.ts', '    broken', '0 passed, 1 failed, 0 skipped'])
})

test('says once more what failed and why, and of a long message how it ends', async () => {
  const long = `test('long', () => { throw new Error('begun ' + 'x'.repeat(5000) + '\\nended') })`
  const { lines } = await run(`${passing}test('bad', () => { throw new Error('no pool') })\n${long}`, false)
  const end = lines.slice(lines.indexOf('== failed tests'))
  expect(end.slice(0, 4)).toEqual(['== failed tests', 'a.test.ts: bad', '    no pool', 'a.test.ts: long'])
  expect(end.slice(4).join('\n')).toMatch(/^ {4}x{2994}\n {4}ended\n1 passed, 2 failed, 0 skipped$/)
})

test('a skip gives its reason', async () => {
  const { exit, lines } = await run(passing + skipping, false)
  expect(lines).toContain('skipped: needs a tool: no zpool here')
  expect([exit, lines.at(-1)]).toEqual([0, '1 passed, 0 failed, 1 skipped'])
})

test('a skip without a reason fails the run', async () => {
  const { exit, lines } = await run(`${passing}test.skip('later', () => {})`, false)
  expect(lines).toContain('skipped: later: no reason is given')
  expect([exit, lines.at(-1)]).toEqual([1, '1 passed, 0 failed, 1 skipped'])
})

test('in CI every skip fails the run', async () => {
  const { exit, lines } = await run(passing + skipping, true)
  expect([exit, lines.at(-1)]).toEqual([1, '1 passed, 0 failed, 1 skipped'])
})
