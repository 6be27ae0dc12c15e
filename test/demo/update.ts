/** The next quarter's blueprints, and a rolling switch of all instances to them, of which one does not become well. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMap, isSeq, parseDocument, stringify } from 'yaml'
import type { MirrorSite } from '../support/mirror-site.ts'
import { type Run, runPlaybook } from './ansible.ts'
import { HOSTS } from './inventory.ts'

/** On this host this one's software is said to need the PHP of before. */
const UNWELL = { host: 'hamburg1', id: 'buchhandel' }
const PHP_OF_BEFORE = '/usr/local/bin/php -v | grep -q 8.3.27'
const CANARIES = ['de-fiets', 'kite-club']
const [BEFORE, NEXT] = ['2026Q4', '2027Q1']

export async function update({ nextRepository }: MirrorSite): Promise<Run> {
  const hostVars = join(HOSTS, 'host_vars', `${UNWELL.host}.yml`)
  writeFileSync(hostVars, withHealthOf(UNWELL.id, readFileSync(hostVars, 'utf8')))

  const groupVars = join(HOSTS, 'group_vars/hosting.yml')
  const document = parseDocument(readFileSync(groupVars, 'utf8'))
  const blueprints = document.toJS().blueprints as { name: string }[]
  for (const blueprint of blueprints)
    document.addIn(['blueprints'], {
      ...blueprint,
      name: blueprint.name.replace(BEFORE, NEXT),
      repository: nextRepository,
    })
  writeFileSync(groupVars, document.toString())

  const variables = join(HOSTS, '..', 'update.yml')
  writeFileSync(
    variables,
    stringify({
      update_targets: Object.fromEntries(blueprints.map(({ name }) => [name, name.replace(BEFORE, NEXT)])),
      update_canaries: CANARIES,
      update_serial: ['100%'],
      update_error_budget: 1,
    }),
  )
  return runPlaybook('update', '-e', `@${variables}`)
}

function withHealthOf(id: string, inventory: string): string {
  const document = parseDocument(inventory)
  const instances = document.get('instances')
  const instance = isSeq(instances) ? instances.items.find(item => isMap(item) && item.get('id') === id) : undefined
  if (!isMap(instance)) throw new Error(`the example inventory has no instance ${id}`)
  instance.set('health', document.createNode({ deadline: 2, commands: [['/bin/sh', '-c', PHP_OF_BEFORE]] }))
  return document.toString()
}

/** The table of outages, and whether all but the unwell one are where they should be. */
export function outcomeOf({ exit, rows }: Run, count: number): { lines: readonly string[]; good: boolean } {
  const told = rows.find(row => row.task === 'Sum up')?.result.state as { table: string[] } | undefined
  const lines = told?.table ?? []
  const words = lines.at(-1) ?? ''
  const cameBack = lines.some(line => line.includes(` ${UNWELL.id} `) && line.includes('came back'))
  return { lines, good: exit === 0 && cameBack && words.includes(`${count - 1} switched, 1 came back`) }
}
