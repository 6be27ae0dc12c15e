/**
 * Which names zfs(8) accepts for datasets, and why not. Source: openzfs module/zcommon/zfs_namecheck.c and
 * zfs_validate_name() in lib/libzfs/libzfs_dataset.c, whose reasons these are.
 */
const LONGEST = 255
/** zfs_max_dataset_nesting, its default. */
const DEEPEST = 50

/** What is wrong with the name of a filesystem or volume (a pool's own is one too), or undefined. */
export function datasetNameProblem(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (name.startsWith('-')) return "it begins with '-', as an option would"
  if (name.startsWith('/')) return "it begins with '/': a dataset's name starts with its pool's, not with a path"
  if (name.endsWith('/')) return "it ends with '/'"
  if (/[\r\n]/.test(name)) return 'it contains a line break'
  if (name.includes('@')) return "it contains '@', which makes it a snapshot's"
  if (name.includes('#')) return "it contains '#', which makes it a bookmark's"
  if (name.includes('%')) return "it contains '%', which ZFS keeps for datasets being received"

  const strange = /[^\w.: /-]/u.exec(name)
  if (strange !== null)
    return `it contains ${JSON.stringify(strange[0])}: letters of a to z and A to Z, digits, space and _ . : - are possible`
  if (name.length > LONGEST) return `it has ${name.length} characters, and ${LONGEST} are possible`

  const components = name.split('/')
  if (components.includes('')) return "it contains '//', an empty component"
  if (components.includes('.') || components.includes('..')) return "a component of it is '.' or '..'"
  if (components.length > DEEPEST) return `it is ${components.length} components deep, and ${DEEPEST} are possible`
  return poolNameProblem(components[0] ?? '')
}

function poolNameProblem(pool: string): string | undefined {
  if (!/^[A-Za-z]/.test(pool)) return `the pool's name '${pool}' does not begin with a letter`
  if (['mirror', 'raidz', 'draid'].includes(pool)) return `'${pool}' is a reserved word and cannot be a pool's name`
  return undefined
}

/** What is wrong with `dataset@snapshot`, or undefined. */
export function snapshotNameProblem(name: string): string | undefined {
  const [dataset = '', snapshot, ...rest] = name.split('@')
  if (snapshot === undefined) return "it has no '@' and so names no snapshot"
  if (rest.length > 0) return "it contains '@' twice"
  if (snapshot === '') return "nothing follows its '@'"
  if (/[^\w.: -]/.test(snapshot)) return `'${snapshot}' contains what a snapshot's name cannot`
  if (name.length > LONGEST) return `it has ${name.length} characters, and ${LONGEST} are possible`
  return datasetNameProblem(dataset)
}

export const poolOf = (name: string) => name.split(/[/@#]/, 1)[0] ?? name

/** The dataset above, or undefined for a pool's own. */
export const parentOf = (name: string) => (name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : undefined)

export const isAtOrBelow = (name: string, top: string) => name === top || name.startsWith(`${top}/`)
