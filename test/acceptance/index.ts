/**
 * `npm run test:host -- -i INVENTORY -l HOST`: the acceptance cases of all modules on real hosts. The inventory says in
 * `bluejail_test_dataset` where they may work; arguments go to ansible-playbook as they are, so `-b` and the like do.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { collections } from '../../build/paths.ts'
import { readRows, recordingEnvironment } from '../support/task-rows.ts'
import { acceptanceCases } from './cases.ts'
import { judge, type Verdict } from './judge.ts'
import { playbookOf } from './play.ts'

const args = process.argv.slice(2)
if (!args.some(word => /^(-i|--inventory)/.test(word)) || !args.some(word => /^(-l|--limit)/.test(word))) {
  console.error('usage: npm run test:host -- -i INVENTORY -l HOST [OPTION OF ansible-playbook…]')
  console.error("Both are required: these tests create and destroy datasets in the hosts' bluejail_test_dataset.")
  process.exit(2)
}

const scratch = mkdtempSync(join(tmpdir(), 'acceptance-'))
try {
  const cases = acceptanceCases()
  const playbook = join(scratch, 'acceptance.yml')
  const rowsFile = join(scratch, 'rows')
  writeFileSync(playbook, stringify(playbookOf(cases)))

  console.log(`${cases.length} cases, each checked, run and run again …`)
  const said = await run(['ansible-playbook', playbook, ...args], {
    ANSIBLE_COLLECTIONS_PATH: [collections, process.env.ANSIBLE_COLLECTIONS_PATH].filter(Boolean).join(':'),
    ...recordingEnvironment(rowsFile),
  })
  const verdicts = judge(cases, readRows(rowsFile))
  if (verdicts.length === 0) console.error(said)
  report(verdicts)
} finally {
  rmSync(scratch, { recursive: true })
}

function report(verdicts: readonly Verdict[]): void {
  for (const { host, title, faults } of verdicts) {
    console.log(`${faults.length === 0 ? '✓' : '✗'} ${host}: ${title}`)
    for (const fault of faults) console.log(`    ${fault}`)
  }
  const failed = verdicts.filter(({ faults }) => faults.length > 0).length
  console.log(`${verdicts.length - failed} passed, ${failed} failed, 0 skipped`)
  if (failed > 0 || verdicts.length === 0) process.exitCode = 1
}

/** Runs quietly and gives all it said. Questions, such as for a password, still reach the terminal. */
function run([program = '', ...words]: string[], environment: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { env: { ...process.env, ...environment }, stdio: ['inherit', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (piece: string) => {
        said += piece
      })
    child.on('error', reject)
    child.on('close', () => resolve(said))
  })
}
