/** What another blueprint brings an instance, beside files: packages, and start scripts that go. */
import { basename } from 'node:path/posix'
import type { Listing } from '../../freebsd/mtree.ts'
import type { Package } from '../../freebsd/pkg.ts'
import { compareVersions, majorOf } from '../../freebsd/pkg-version.ts'
import { RC_CONF } from '../../freebsd/rc-conf.ts'
import { unvis } from '../../freebsd/vis.ts'
import { fullName } from './manifest.ts'

export interface PackageDifference {
  /** `name-version`, sorted. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** `name: 1.2 -> 1.3`, as pkg(8) writes it. */
  readonly upgraded: readonly string[]
  readonly downgraded: readonly string[]
  /** Of those two, where the first number of the version is another one: to be looked at before. */
  readonly major: readonly string[]
}

type Version = Pick<Package, 'name' | 'version'>

export function comparePackages(older: readonly Version[], newer: readonly Version[]): PackageDifference {
  const before = new Map(older.map(({ name, version }) => [name, version]))
  const after = new Map(newer.map(({ name, version }) => [name, version]))
  const changes = [...after].flatMap(([name, to]) => {
    const from = before.get(name)
    return from === undefined || from === to ? [] : [{ words: `${name}: ${from} -> ${to}`, from, to }]
  })
  const downgraded = changes.filter(({ from, to }) => compareVersions(from, to) > 0)
  const words = (list: typeof changes) => list.map(change => change.words).sort()
  return {
    added: newer
      .filter(({ name }) => !before.has(name))
      .map(fullName)
      .sort(),
    removed: older
      .filter(({ name }) => !after.has(name))
      .map(fullName)
      .sort(),
    upgraded: words(changes.filter(change => !downgraded.includes(change))),
    downgraded: words(downgraded),
    major: words(changes.filter(({ from, to }) => majorOf(from) !== majorOf(to))),
  }
}

export interface VanishingScript {
  /** The script's name: `php_fpm`. */
  readonly name: string
  /** Where it was: `usr/local/etc/rc.d/php_fpm`. */
  readonly path: string
  /** In the instance's rc.conf. */
  readonly variable: string
}

/** The texts of an instance's rc.conf(5): those that all its services read, and by a service's name those that it reads alone. */
export interface RcTexts {
  readonly all: readonly string[]
  readonly own: ReadonlyMap<string, readonly string[]>
}

const SCRIPT = /^\.\/((?:usr\/local\/)?etc\/rc\.d\/[^/]+)$/

/** Start scripts of the old blueprint that the new one has no more, by their paths. */
export const vanishedScripts = (older: Listing, newer: Listing): string[] =>
  [...older.keys()].flatMap(key => (newer.has(key) ? [] : (SCRIPT.exec(unvis(key))?.[1] ?? []))).sort()

/**
 * Those of them that the instance's rc.conf(5) enables: what they start will be missing. No text is ever evaluated: where one
 * decides by a condition, the script counts as enabled. `scripts`: what is in them, in the old blueprint, by their paths. It
 * tells the variable, which need not be called like the script (mysql-server has mysql_enable).
 */
export function vanishingScripts(
  older: Listing,
  newer: Listing,
  scripts: ReadonlyMap<string, string>,
  { all, own }: RcTexts,
): VanishingScript[] {
  return vanishedScripts(older, newer).flatMap(path => {
    const [name, text] = [basename(path), scripts.get(path) ?? '']
    const variable = variableOf(name, text)
    const texts = [...all, ...(own.get(serviceOf(name, text)) ?? [])]
    return enabledIn(texts).has(variable) ? [{ name, path, variable }] : []
  })
}

/** What a script calls itself, which load_rc_config of rc.subr(8) takes for the name of its own file. */
export const serviceOf = (script: string, text: string): string =>
  assigned('name', text) ?? script.replaceAll(/[-.]/g, '_')

/** `rcvar` of rc.subr(8), as nearly every script writes it; without one it is made of the script's name. */
function variableOf(script: string, text: string): string {
  const name = serviceOf(script, text)
  return assigned('rcvar', text)?.replace(/\$\{name\}|\$name(?!\w)/, name) ?? `${name}_enable`
}

const assigned = (variable: string, text: string) =>
  new RegExp(`^${variable}=["']?([\\w.\${}-]+)["']?`, 'm').exec(text)?.[1]

/** checkyesno of rc.subr(8): these words, in any case. */
const YES = /^(yes|true|on|1)$/i

/** In the order in which they are read. */
function enabledIn(texts: readonly string[]): ReadonlySet<string> {
  const enabled = new Set<string>()
  for (const statement of texts.flatMap(text => RC_CONF.parse(text))) {
    if (statement.kind === 'strange') for (const name of statement.names) enabled.add(name)
    if (statement.kind !== 'setting') continue
    if (YES.test(statement.value)) enabled.add(statement.name)
    else enabled.delete(statement.name)
  }
  return enabled
}
