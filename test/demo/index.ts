/** `npm run demo`: the main job on three sandbox hosts, foretold, done, and done again. With `--keep` the hosts stay. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { defaultFolder } from '../sandbox/folder.ts'
import { type Sandbox, startSandbox, stopSandbox } from '../sandbox/sandbox.ts'
import { exampleHosts } from '../support/example-inventory.ts'
import { type MirrorSite, startMirrorSite } from '../support/mirror-site.ts'
import { type Run, runSite } from './site.ts'
import { bold, dim, green, heading, red } from './style.ts'
import { summary } from './summary.ts'

const keep = process.argv.includes('--keep')
const sandboxes: Sandbox[] = []
let site: MirrorSite | undefined
const inventory = join(defaultFolder(), 'demo.yml')

const entryOf = (sandbox: Sandbox) =>
  [sandbox.name, { ...sandbox.inventoryVars(sandbox.plainUser), ...site?.vars }] as const
const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`

// Ctrl-C may reach us more than once, through npm too; the hosts are stopped all the same.
let interrupted = false
for (const [signal, exit] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.on(signal, () => {
    if (interrupted) return
    interrupted = true
    void end().finally(() => process.exit(exit))
  })

try {
  process.exitCode = (await demo()) ? 0 : 1
} catch (error) {
  if (!interrupted) throw error
} finally {
  if (keep) await site?.mirror.close()
  else await end()
}

async function demo(): Promise<boolean> {
  heading(1, 'Three make-believe FreeBSD hosts start on this machine, each behind an sshd of its own')
  const began = Date.now()
  site = await startMirrorSite()
  sandboxes.push(...(await Promise.all(exampleHosts().map(name => startSandbox({ name })))))
  for (const { name, address, port } of sandboxes) console.log(`   ${name.padEnd(12)} ssh on ${address}:${port}`)
  console.log(dim(`   and a mirror of releases and packages for them: ${site.mirror.origin}`))
  console.log(dim(`   ${seconds(Date.now() - began)}; they have Node and no Python, like the real ones`))
  writeFileSync(inventory, stringify({ all: { hosts: Object.fromEntries(sandboxes.map(entryOf)) } }))

  heading(2, 'What the playbook would do to them')
  const foretold = await runSite(inventory, '--check')
  if (foretold.exit !== 0) return failed(foretold)

  heading(3, 'The same for real')
  const done = await runSite(inventory)
  if (done.exit !== 0) return failed(done)
  showSteps(done)

  heading(4, 'Once more: nothing is left to do')
  const again = await runSite(inventory)
  if (again.exit !== 0) return failed(again)

  const { lines, good } = await summary({ foretold, done, again, sandboxes })
  console.log(`\n${bold('Summary')}`)
  for (const line of lines) console.log(`   ${line}`)
  console.log(`\n${good ? green('All as foretold.') : red('Not as foretold: see above.')} ${farewell()}`)
  return good
}

/** On one host; the others' differ by their instances only. */
function showSteps({ rows }: Run): void {
  const [host] = exampleHosts()
  console.log(dim(`   What was done on ${host}:`))
  for (const row of rows)
    if (row.host === host) for (const step of row.result.steps ?? []) console.log(dim(`     ${step}`))
}

function failed({ command, exit }: Run): false {
  console.error(red(`\n'${command}' ended with status ${exit}. What it said is above.`))
  return false
}

function farewell(): string {
  const [name] = exampleHosts()
  if (!keep) return `The hosts are gone. To keep them and look around: ${bold('npm run demo -- --keep')}`
  const ways = [`npm run sandbox -- ssh ${name}`, `npm run sandbox -- stop ${exampleHosts().join(' ')} --remove`]
  return `The hosts run on.\n   Look around: ${bold(ways[0] ?? '')}\n   Be rid of them: ${bold(ways[1] ?? '')}`
}

/** By name: also those that were still starting. */
async function end(): Promise<void> {
  await Promise.all(exampleHosts().map(name => stopSandbox(name, defaultFolder(), false)))
  await site?.mirror.close()
  rmSync(inventory, { force: true })
}
