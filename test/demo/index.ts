/** `npm run demo`: the main job on three sandbox hosts, foretold, done, done again, and updated. `--keep` keeps the hosts. */
import { defaultFolder } from '../sandbox/folder.ts'
import { type Sandbox, startSandbox, stopSandbox } from '../sandbox/sandbox.ts'
import { exampleHosts, exampleInstances } from '../support/example-inventory.ts'
import { type MirrorSite, startMirrorSite } from '../support/mirror-site.ts'
import { type Run, runInside, runPlaybook } from './ansible.ts'
import { INSTANCES, removeInventory, writeInventory } from './inventory.ts'
import { bold, dim, green, heading, red } from './style.ts'
import { summary } from './summary.ts'
import { outcomeOf, update } from './update.ts'

const keep = process.argv.includes('--keep')
const sandboxes: Sandbox[] = []
let site: MirrorSite | undefined

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
  writeInventory(Object.fromEntries(sandboxes.map(entryOf)))
  // As loader.conf of a host's installation has it: it counts from the boot on (fact rctl-1).
  await Promise.all(sandboxes.map(sandbox => sandbox.setSysctl('kern.racct.enable', '1')))

  heading(2, 'What the playbook would do to them')
  const foretold = await runPlaybook('site', '--check')
  if (foretold.exit !== 0) return failed(foretold)

  heading(3, 'The same for real')
  const done = await runPlaybook('site')
  if (done.exit !== 0) return failed(done)
  showSteps(done)

  heading(4, 'Once more: nothing is left to do')
  const again = await runPlaybook('site')
  if (again.exit !== 0) return failed(again)

  heading(5, 'Instances are hosts of an inventory too: a command inside each, through its host')
  const inside = await runInside('instances_running', 'echo "I am $(hostname)"')
  if (inside.exit !== 0) return failed(inside)

  heading(6, 'A quarter later: all go over to new blueprints in two waves, and one of them does not become well')
  const updated = await update(site)
  if (updated.exit !== 0) return failed(updated)

  const { lines, good: isAsForetold } = summary({ foretold, done, again, inside })
  const { lines: outages, good: isUpdated } = outcomeOf(updated, Object.keys(exampleInstances()).length)
  console.log(`\n${bold('Summary')}`)
  for (const line of [...lines, '', bold('The update'), ...outages]) console.log(`   ${line}`)
  const good = isAsForetold && isUpdated
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
  const stop = `npm run sandbox -- stop ${exampleHosts().join(' ')} --remove`
  return `The hosts run on; INVENTORY is ${INSTANCES}\n   Look around: ${bold(`npm run sandbox -- ssh ${name}`)}\n   Be rid of them: ${bold(stop)}`
}

/** By name: also those that were still starting. */
async function end(): Promise<void> {
  await Promise.all(exampleHosts().map(name => stopSandbox(name, defaultFolder(), false)))
  await site?.mirror.close()
  removeInventory()
}
