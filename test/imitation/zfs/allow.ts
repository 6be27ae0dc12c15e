/** zfs-allow(8) for users, groups and everyone, on a dataset and all below it: the form the transcripts have. */
import { getopt, type Program, Unknown } from '../screen.ts'
import { attempt } from './errors.ts'
import { open } from './names.ts'

export const allow: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'ug')
  return attempt(screen, () => {
    if (operands.length === 1) return void screen.out(show(open(machine, operands[0] ?? '', 'fv').dataset))
    const [who, permissions, name, ...more] = operands
    if (name === undefined || more.length > 0) throw new Unknown('number of operands')
    const { dataset } = open(machine, name, 'fv')
    for (const subject of subjects(who ?? '', set)) {
      const given = new Set([...(dataset.allows[subject] ?? []), ...(permissions ?? '').split(',')])
      dataset.allows[subject] = [...given].sort()
    }
    machine.changed()
  })
}

export const unallow: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'ug')
  return attempt(screen, () => {
    const name = operands.at(-1) ?? ''
    const { dataset } = open(machine, name, 'fv')
    const taken = operands.length > 2 ? operands[1]?.split(',') : undefined
    for (const subject of subjects(operands[0] ?? '', set)) {
      const left = taken === undefined ? [] : (dataset.allows[subject] ?? []).filter(each => !taken.includes(each))
      if (left.length === 0) delete dataset.allows[subject]
      else dataset.allows[subject] = left
    }
    machine.changed()
  })
}

function subjects(who: string, set: ReadonlySet<string>): string[] {
  if (who === 'everyone') return ['everyone']
  return who.split(',').map(each => `${set.has('g') ? 'group' : 'user'} ${each}`)
}

/** 01-zfs.jsonl, last line: the rule is filled up to 70 characters. */
function show({ name, allows }: { name: string; allows: Readonly<Record<string, string[]>> }): string {
  const lines = Object.entries(allows).map(([subject, permissions]) => `\t${subject} ${permissions.join(',')}\n`)
  if (lines.length === 0) return ''
  return `${`---- Permissions on ${name} `.padEnd(70, '-')}\nLocal+Descendent permissions:\n${lines.join('')}`
}
