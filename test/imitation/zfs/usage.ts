/** The usage messages that scripts meet because zfs(8) prints them after an error and exits 2 (cmd/zfs/zfs_main.c, usage). */
import type { Machine } from '../machine.ts'
import { isInheritable, isReadonly, propertyTable } from './table.ts'

export const GET_USAGE = `usage:
	get [-rHp] [-d max] [-o "all" | field[,...]]
	    [-t type[,...]] [-s source[,...]]
	    <"all" | property[,...]> [filesystem|volume|snapshot|bookmark] ...
`

export const SNAPSHOT_USAGE = `usage:
	snapshot [-r] [-o property=value] ... <filesystem|volume>@<snap> ...

For the property list, run: zfs set|get

For the delegated permission list, run: zfs allow|unallow

For further help on a command or topic, run: zfs help [<topic>]
`

/** usage_prop_cb: read-only properties first, each half by name (zprop_common.c, zprop_compare). */
export function propertyUsage(machine: Machine): string {
  const shown = [...propertyTable(machine.state.zfsVersion).values()].filter(property => property.hidden !== true)
  const half = (readonly: boolean) =>
    shown.filter(each => (each.attribute === 'readonly') === readonly).sort((a, b) => (a.name < b.name ? -1 : 1))
  const lines = [...half(true), ...half(false)].map(property => {
    const edit = isReadonly(property) ? ' NO    ' : 'YES    '
    const inherit = isInheritable(property) ? '  YES   ' : '   NO   '
    return `\t${property.name.padEnd(15)} ${edit}${inherit}${property.values}\n`
  })
  return `
The following properties are supported:

	PROPERTY       EDIT  INHERIT   VALUES

${lines.join('')}${special('used', ' NO       NO   <size>')}${special('quota', 'YES       NO   <size> | none')}${'\t'}${'written@<snap>'.padEnd(15)}  NO       NO   <size>
	${'written#<bookmark>'.padEnd(15)}  NO       NO   <size>

Sizes are specified in bytes with standard units such as K, M, G, etc.

User-defined properties can be specified by using a name containing a colon (:).

The {user|group|project}[obj]{used|quota}@ properties must be appended with
a user|group|project specifier of one of these forms:
    POSIX name      (eg: "matt")
    POSIX id        (eg: "126829")
    SMB name@domain (eg: "matt@sun")
    SMB SID         (eg: "S-1-234-567-89")
`
}

const special = (what: string, columns: string) =>
  ['user', 'group', 'project', 'userobj', 'groupobj', 'projectobj']
    .map(who => `\t${`${who}${what}@...`.padEnd(15)} ${columns}\n`)
    .join('')
