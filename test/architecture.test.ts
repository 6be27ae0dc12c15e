/** House rules as tests, each with its reason. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter(path => path !== '' && existsSync(path))
const sources = tracked.filter(path => path.endsWith('.ts') || path.endsWith('.mjs'))
const modules = sources.filter(path => path.startsWith('modules/'))
const programs = sources.filter(path => path.startsWith('programs/'))
const sent = [...modules, ...programs]
const textOf = (path: string) => readFileSync(path, 'utf8')

/** Which layers a layer may import from. `rules` decides, `freebsd` knows commands, `core` knows neither. */
const LAYERS: Record<string, readonly string[]> = {
  'modules/core': ['modules/core'],
  'modules/freebsd': ['modules/freebsd', 'modules/core'],
  'modules/rules': ['modules/rules', 'modules/freebsd', 'modules/core'],
  modules: ['modules/rules', 'modules/freebsd', 'modules/core'],
  programs: ['programs', 'modules/rules', 'modules/freebsd', 'modules/core'],
}

const importsOf = (path: string) =>
  [...textOf(path).matchAll(/^(?:import|export)\b[^'"]*?from '([^']+)'|^import '([^']+)'/gm)].map(
    match => match[1] ?? match[2] ?? '',
  )

/** `modules/rules/dataset/plan.ts` is of the layer `modules/rules`, `programs/autosnap/run.ts` of `programs`. */
const layerOf = (path: string) =>
  dirname(path)
    .split('/')
    .slice(0, path.startsWith('programs/') ? 1 : 2)
    .join('/')

describe('imports go one way: a module to rules and commands, and those to the core', () => {
  test.each(sent)('%s', path => {
    const allowed = LAYERS[layerOf(path)] ?? []
    const local = importsOf(path).filter(name => name.startsWith('.'))
    const layers = local.map(name => layerOf(normalize(join(dirname(path), name))))
    expect(layers.filter(layer => !allowed.includes(layer))).toEqual([])
  })
})

test('only the local host starts processes or writes files, and only the program writes output', () => {
  const offending = sent.filter(path =>
    importsOf(path).some(name => /^(execa|node:(child_process|fs|fs\/promises))$/.test(name)),
  )
  expect(offending.sort()).toEqual([
    'modules/core/files.ts',
    'modules/core/local-host.ts',
    'modules/core/processes.ts',
    'modules/core/program.ts',
    'modules/core/streams.ts',
  ])
})

test('check mode is known to the core alone', () => {
  expect(sent.filter(path => /check_?mode/i.test(textOf(path)) && !path.startsWith('modules/core/'))).toEqual([])
  expect(sent.filter(path => /if \(.*\b(check|checking|checkMode|dryRun)\b/.test(textOf(path)))).toEqual([])
})

test('what must never be run is written nowhere', () => {
  const forbidden = /'destroy'[^\n]*'-\w*R|'umount'[^\n]*'-\w*f|'rm'(?!, '-d', '-f'\])|'sh'/
  expect(sent.filter(path => forbidden.test(textOf(path)))).toEqual([])
})

test('host-2 chroot is for blueprints, never for an instance', () => {
  expect(sent.filter(path => /'chroot'/.test(textOf(path)))).toEqual(['modules/freebsd/chroot.ts'])
})

test('a file holds one thought: at most 250 lines', () => {
  expect(sources.filter(path => textOf(path).split('\n').length > 251)).toEqual([])
})

test('names say what a thing is', () => {
  expect(sources.filter(path => /\b(utils?|helpers?|common|misc|manager|handler)\b/i.test(path))).toEqual([])
})

test('nothing is left to be done later', () => {
  const marks = new RegExp(['\\b(TO', 'DO|FIX', 'ME|X', 'XX)\\b'].join(''))
  expect(
    tracked.filter(
      path =>
        /\.(ts|mjs|yml|md|sh)$/.test(path) && !/^test\/(transcripts|fixtures)\//.test(path) && marks.test(textOf(path)),
    ),
  ).toEqual([])
})

test('roles and playbooks use our modules: hosts have no Python, and shell lines are neither checked nor foretold', () => {
  const ours =
    /^(bluejail\.hosting\.\w+|ansible\.builtin\.(assert|debug|fail|import_role|include_role|import_tasks|include_tasks|set_fact|meta|raw|pause|wait_for_connection|import_playbook|group_by|validate_argument_spec))$/
  const words = new Set([
    'name',
    'vars',
    'when',
    'loop',
    'loop_control',
    'register',
    'tags',
    'delegate_to',
    'run_once',
    'become',
    'changed_when',
    'failed_when',
    'block',
    'rescue',
    'always',
    'notify',
    'listen',
    'until',
    'retries',
    'delay',
    'no_log',
    'diff',
    'check_mode',
    'ignore_errors',
    'ignore_unreachable',
    'throttle',
    'environment',
  ])
  const tasksOf = (given: unknown): Record<string, unknown>[] =>
    (Array.isArray(given) ? given : []).flatMap(task => [
      task,
      ...['block', 'rescue', 'always', 'tasks', 'pre_tasks', 'post_tasks', 'handlers'].flatMap(key =>
        tasksOf(task[key]),
      ),
    ])
  const files = tracked.filter(path => /^(roles\/[^/]+\/(tasks|handlers)|playbooks)\/[^/]+\.yml$/.test(path))
  const foreign = files.flatMap(path =>
    tasksOf(parse(textOf(path)))
      .filter(task => !('hosts' in task))
      .flatMap(task => Object.keys(task).filter(key => !words.has(key) && !ours.test(key)))
      .map(key => `${path}: ${key}`),
  )
  expect(foreign).toEqual([])
})
