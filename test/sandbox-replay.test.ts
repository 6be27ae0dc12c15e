/** The transcripts of a real FreeBSD host, replayed line by line in a sandbox host. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { baseEntries } from './fixtures/base/index.ts'
import { type Mirror, startMirror } from './fixtures/mirror.ts'
import { entry } from './imitation/archive/entry.ts'
import { writeTar } from './imitation/archive/tar.ts'
import { writeXz } from './imitation/archive/xz.ts'
import { imitations } from './imitation/index.ts'
import { inOrder, normalize, prepare, withoutNumbers } from './imitation/replay/normalize.ts'
import { files, type Line, programsIn, type Row, readTable, readTranscript } from './imitation/replay/transcripts.ts'
import { type Sandbox, startSandbox } from './sandbox/sandbox.ts'

const table = readTable()
const transcripts = files().map(file => ({ file, lines: readTranscript(file) }))
const rowOf = (line: Line) => table.rows[line.file]?.find(row => row.line === line.number)

const directory = mkdtempSync(join(tmpdir(), 'replay-'))
/** As the first note of 01-zfs.jsonl says. */
const installation = ['zpool create -O compression=lz4 -O atime=off -m none zroot vtbd1'.split(' ')]
let host: Sandbox
/** What stood beside that host at 10.0.2.2:8099. */
let mirror: Mirror

beforeAll(async () => {
  // What that host took for its blueprints had an rc.conf in it.
  const base = [...baseEntries('14.2-RELEASE'), entry('etc/rc.conf', {})]
  mirror = await startMirror({ '/base.txz': writeXz(writeTar(base)) })
  host = await startSandbox({ name: 'fbsd', directory, installation })
  // That host had it in /boot/loader.conf, and jails in rc.conf.
  await host.setSysctl('kern.racct.enable', '1')
  await host.run('sysrc hostname=fbsd.test jail_enable=YES')
})
afterAll(async () => {
  await host.stop()
  await mirror.close()
  rmSync(directory, { recursive: true, force: true })
})

test('every line of every transcript has its row', () => {
  const missing = transcripts.flatMap(({ lines }) => lines.filter(line => rowOf(line) === undefined))
  expect(missing.map(line => `${line.file}:${line.number} ${line.cmd}`)).toEqual([])
  const numbers = new Set(transcripts.flatMap(({ lines }) => lines.map(line => `${line.file}:${line.number}`)))
  const stale = Object.entries(table.rows).flatMap(([file, rows]) => rows.map(row => `${file}:${row.line}`))
  expect(stale.filter(place => !numbers.has(place))).toEqual([])
})

test('what is not replayed says why', () => {
  const silent = Object.entries(table.rows).flatMap(([file, rows]) =>
    rows.filter(row => row.is !== 'replayed' && !row.why).map(row => `${file}:${row.line}`),
  )
  expect(silent).toEqual([])
})

test('at least 80 % of the lines of imitated programs are replayed', () => {
  expect(table.programs.filter(program => !(program in imitations))).toEqual([])
  const isImitated = (program: string) => table.programs.includes(program)
  const lines = transcripts.flatMap(({ lines }) => lines)
  const ours = lines.filter(line => programsIn(line.cmd).some(isImitated) && programsIn(line.cmd).every(isImitated))
  const replayed = ours.filter(line => rowOf(line)?.is === 'replayed')
  const percent = Math.floor((100 * replayed.length) / ours.length)
  console.log(`transcripts: ${replayed.length} of ${ours.length} lines of imitated programs replayed (${percent} %)`)
  expect(percent).toBeGreaterThanOrEqual(80)
})

const runs = (line: Line) => rowOf(line)?.is === 'replayed' || rowOf(line)?.instead !== undefined

describe.sequential.each(transcripts.filter(({ lines }) => lines.some(runs)))('$file', ({ lines }) => {
  for (const line of lines) {
    const row = rowOf(line)
    if (row?.is === 'replayed') test(`line ${line.number}: ${line.cmd.slice(0, 120)}`, () => replay(line, row))
    else if (row?.instead !== undefined) {
      const { instead } = row
      test(`line ${line.number} is stood in for`, async () => {
        expect(await host.run(instead)).toMatchObject({ exit: 0 })
      })
    }
  }
})

async function replay(line: Line, { apart = [] }: Row): Promise<void> {
  const found = await host.run(prepare(line.cmd).replaceAll('http://10.0.2.2:8099', mirror.origin))
  const seen = (text: string) => (apart.includes('numbers') ? withoutNumbers(normalize(text)) : normalize(text))
  const ordered = (text: string) => (apart.includes('order') ? inOrder(seen(text)) : seen(text))
  const comparable = (said: Pick<Line, 'exit' | 'stdout' | 'stderr'>) => ({
    exit: said.exit,
    stdout: ordered(said.stdout),
    stderr: ordered(said.stderr),
  })
  expect(comparable(found)).toEqual(comparable(line))
}
