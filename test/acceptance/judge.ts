/** What the tasks of the acceptance playbook said, held against what the cases ask for. */
import { isDeepStrictEqual } from 'node:util'
import type { TaskRow } from '../support/task-rows.ts'
import type { Case } from './cases.ts'
import {
  AFTER_TASK,
  BEFORE_TASK,
  CLEANUP_TASK,
  INVENTORY_TASK,
  NOT_HERE,
  OUTPUT_MARK,
  ROLES_FAILED,
  type Role,
  SCRATCH_TASK,
  taskName,
} from './play.ts'

export interface Verdict {
  readonly host: string
  readonly title: string
  /** What was not as it should be; none for a case that passed. */
  readonly faults: readonly string[]
}

export function judge(cases: readonly Case[], rows: readonly TaskRow[]): Verdict[] {
  const hosts = [...new Set(rows.map(({ host }) => host))].sort()
  return hosts.flatMap(host => {
    const own = rows.filter(row => row.host === host)
    return [
      ...failedBeforehand(own).map(fault => ({ host, title: 'the host can be tested', faults: [fault] })),
      ...cases.map((one, index) => ({ host, title: `${one.module}: ${one.title}`, faults: faultsOf(one, index, own) })),
      { host, title: 'nothing is left behind', faults: leftovers(own) },
    ]
  })
}

function faultsOf(one: Case, index: number, rows: readonly TaskRow[]): string[] {
  const find = (role: Role, part = 0) =>
    one.roles === undefined || !OF_ROLES.includes(role)
      ? rows.find(row => row.task === taskName(index, role, part))
      : together(rows, taskName(index, role))
  const [checked, ran, again] = [find('check'), find('run'), find('again')]
  if (checked === undefined || ran === undefined) return ['it was not reached']

  const linesOf = (role: 'prints' | 'prints_on_freebsd') =>
    Object.entries(one[role] ?? {}).map(([line, expected], part) => ({ line, expected, row: find(role, part) }))
  const lines = [...linesOf('prints'), ...linesOf('prints_on_freebsd').filter(({ row }) => wordsOf(row) !== NOT_HERE)]
  const scratch = scratchOf(rows)
  const fill = (text: string) => text.replaceAll('{{ scratch }}', scratch)
  return [
    ...(one.before ?? []).flatMap((line, part) => (find('before', part)?.status === 'ok' ? [] : [`'${line}' failed`])),
    ...(one.fails === undefined ? succeeded(one, ran, again) : refused(one, ran, fill(one.fails))),
    ...(one.unforeseen || isForetold(checked, ran, one.fails && fill(one.fails))
      ? []
      : [`check mode foretold ${JSON.stringify(essence(checked))} and it was ${JSON.stringify(essence(ran))}`]),
    ...lines.flatMap(({ line, expected, row }) => {
      const printed = wordsOf(row)
      return printed === fill(expected) ? [] : [`'${fill(line)}' printed '${printed}' and not '${fill(expected)}'`]
    }),
  ]
}

const OF_ROLES: readonly Role[] = ['check', 'run', 'again']

/** All tasks of roles as one: what they did, and the first that failed. */
function together(rows: readonly TaskRow[], name: string): TaskRow | undefined {
  const first = rows.findIndex(({ task }) => task === name)
  if (first < 0) return undefined
  const rest = rows.slice(first + 1)
  const end = rest.findIndex(({ task }) => /^\d+ \w+ \d+$/.test(task) || task === ROLES_FAILED)
  const own = (end < 0 ? rest : rest.slice(0, end)).filter(({ status }) => status !== 'skipped')
  const failed = own.find(({ status, result }) => status === 'failed' || result.failed === true)
  return {
    ...(failed ?? own[0] ?? rows[first]),
    result: {
      changed: own.some(({ result }) => result.changed === true),
      failed: failed !== undefined,
      ...(failed?.result.msg === undefined ? {} : { msg: failed.result.msg }),
      steps: own.flatMap(({ result }) => result.steps ?? []),
      warnings: own.flatMap(({ result }) => result.warnings ?? []),
    },
  } as TaskRow
}

function succeeded(one: Case, ran: TaskRow, again: TaskRow | undefined): string[] {
  if (ran.status !== 'ok' || ran.result.failed === true) return [`it failed: ${ran.result.msg}`]
  const wanted = one.changed ?? true
  return [
    ...(ran.result.changed === wanted ? [] : [`changed is ${ran.result.changed}; steps: ${stepsOf(ran)}`]),
    ...(again?.result.changed === false ? [] : [`the second run had steps: ${again ? stepsOf(again) : 'not reached'}`]),
  ]
}

function refused(one: Case, ran: TaskRow, words: string): string[] {
  if (ran.status === 'ok' && ran.result.failed !== true) return [`it should fail with '${words}' and did not`]
  return [
    ...(ran.result.msg?.includes(words) ? [] : [`it failed with '${ran.result.msg}', which lacks '${words}'`]),
    ...(ran.result.changed === true && !one.unforeseen ? [`it changed something: ${stepsOf(ran)}`] : []),
  ]
}

/** Check mode warns of what an earlier task would have made, where a run refuses: then its plan is another. */
function isForetold(checked: TaskRow, ran: TaskRow, words: string | undefined): boolean {
  const warnsOf = (text: string) => (checked.result.warnings ?? []).some(warning => warning.includes(text))
  return isDeepStrictEqual(essence(checked), essence(ran)) || (words !== undefined && warnsOf(words))
}

/** A snapshot is named after the second it is taken in, which nobody foretells. */
const essence = ({ result: { changed = false, steps = [], failed = false } }: TaskRow) => ({
  changed,
  steps: steps.map(words => words.replace(/\b(switch|rollback)-\d{8}T\d{6}Z/g, '$1-TIME')),
  failed,
})
const stepsOf = (row: TaskRow) => (row.result.steps ?? []).join('; ') || 'none'
/** What a command line printed, its lines and columns apart by one space, without what the login printed before it. */
const wordsOf = (row: TaskRow | undefined) =>
  (String(row?.result.stdout ?? '').split(OUTPUT_MARK)[1] ?? '')
    .trim()
    .split(/\s*\r?\n|\t/)
    .join(' ')

function failedBeforehand(rows: readonly TaskRow[]): string[] {
  const first = [INVENTORY_TASK, BEFORE_TASK, SCRATCH_TASK]
  return rows
    .filter(({ task, status }) => status === 'unreachable' || (status === 'failed' && first.includes(task)))
    .map(
      ({ task, result }) => `'${task}': ${[result.msg, result.stderr, result.stdout].filter(Boolean).join(' ').trim()}`,
    )
}

function leftovers(rows: readonly TaskRow[]): string[] {
  const find = (task: string) => rows.find(row => row.task === task)
  const [before, after, cleanup] = [find(BEFORE_TASK), find(AFTER_TASK), find(CLEANUP_TASK)]
  if (cleanup?.status !== 'ok')
    return [`the scratch dataset was not destroyed: ${cleanup?.result.msg ?? 'not reached'}`]
  return wordsOf(before) === wordsOf(after) ? [] : [`before: ${wordsOf(before)}; after: ${wordsOf(after)}`]
}

/** As the inventory's variables make it. */
function scratchOf(rows: readonly TaskRow[]): string {
  const { invocation } = rows.find(({ task }) => task === SCRATCH_TASK)?.result ?? {}
  return (invocation as { module_args: { name: string } } | undefined)?.module_args.name ?? '{{ scratch }}'
}
