/** jls(8): 03-jails.jsonl; usr.sbin/jls/jls.c for the rest. */

import { isDying, removeEmptyJails } from './jail/kernel.ts'
import { PARAMETERS, type Parameter, parameterNamed } from './jail/parameters.ts'
import { quoted } from './jail/quoting.ts'
import { type Jail, kernelOf } from './kernel.ts'
import { Exit, getopt, type Screen, Unknown } from './screen.ts'
import { type Steps, starting } from './starting.ts'

type Form = 'text' | 'json' | 'json,pretty'

/** A member of a libxo object, its value already spelled. */
type Field = readonly [name: string, value: string | readonly string[]]

export const jls = starting('jls', function* (machine, call, screen): Steps<number> {
  const { form, args } = takeLibxo(call.args)
  const { set, values, operands } = getopt(args, 'adhj:nNqsv')
  if (set.has('v') || set.has('s')) throw new Unknown('form of the output (-s, -v)')
  yield* removeEmptyJails(machine)
  const wanted = values.get('j')?.at(-1)
  const jails = kernelOf(machine).jails.filter(each => set.has('a') || set.has('d') || !isDying(each))
  const found = wanted === undefined ? jails : jails.filter(each => each.name === wanted || String(each.jid) === wanted)
  const isUsual = operands.length === 0 && !set.has('n') && !set.has('h')

  if (form === 'text') printText()
  else screen.out(form === 'json' ? compact(found.map(fieldsOf)) : pretty(found.map(fieldsOf)))
  if (wanted === undefined || found.length > 0) return 0
  screen.err(`jls: jail "${wanted}" not found\n`)
  return 1

  function printText(): void {
    const key = set.has('N')
      ? (jail: Jail) => ` ${pad(jail.name, 15)}`
      : (jail: Jail) => `${String(jail.jid).padStart(6)} `
    if (isUsual) {
      screen.out(
        `${set.has('N') ? ' JID             ' : '   JID  '}IP Address      Hostname                      Path\n`,
      )
      for (const jail of found) {
        const { 'ip4.addr': ip4 = '', 'host.hostname': hostname = '' } = jail.parameters
        screen.out(`${key(jail)} ${pad(ip4.split(',')[0] ?? '', 15)} ${pad(hostname, 29)} ${jail.path.slice(0, 74)}\n`)
      }
      return
    }
    const shown = chosen(screen, operands)
    if (set.has('h')) screen.out(`${shown.map(({ name }) => name).join(' ')}\n`)
    for (const jail of found) {
      screen.out(`${shown.map(parameter => spell(jail, parameter, set.has('n'), set.has('q'))).join(' ')}\n`)
    }
  }

  function fieldsOf(jail: Jail): Field[] {
    const value = (name: string) => jail.parameters[name] ?? ''
    if (isUsual) {
      const jid: Field = set.has('N') ? ['name', text(jail.name)] : ['jid', String(jail.jid)]
      const first = value('ip4.addr').split(',')[0] ?? ''
      return [jid, ['ipv4', text(first)], ['hostname', text(value('host.hostname'))], ['path', text(jail.path)]]
    }
    return chosen(screen, operands).map(({ name, kind }): Field => {
      // With -n alone booleans are booleans (03-jails.jsonl).
      if (kind === 'switch' && set.has('n')) return [name, value(name)]
      if (kind === 'list') return [name, value(name) === '' ? [] : value(name).split(',').map(text)]
      return [name, text(value(name))]
    })
  }
})

const pad = (word: string, width: number) => word.slice(0, width).padEnd(width)

function takeLibxo(args: readonly string[]): { readonly form: Form; readonly args: readonly string[] } {
  const at = args.findIndex(word => word.startsWith('--libxo'))
  if (at < 0) return { form: 'text', args }
  const attached = args[at]?.split('=')[1]
  const form = attached ?? args[at + 1]
  if (form !== 'json' && form !== 'json,pretty') throw new Unknown(`form --libxo ${form}`)
  return { form, args: args.filter((_, index) => index !== at && (attached !== undefined || index !== at + 1)) }
}

function chosen(screen: Screen, names: readonly string[]): readonly Parameter[] {
  if (names.length === 0 || names[0] === 'all') return PARAMETERS
  return names.map(name => {
    const known = parameterNamed(name)
    if (known !== undefined) return known.parameter
    screen.err(`jls: unknown parameter: ${name}\n`)
    throw new Exit(1)
  })
}

function spell(jail: Jail, { name, kind }: Parameter, withName: boolean, isQuoted: boolean): string {
  const value = jail.parameters[name] ?? ''
  if (withName && kind === 'switch') return value === 'true' ? name : name.replace(/([^.]*)$/, 'no$1')
  const nothing = kind === 'list' && value === ''
  const shown = nothing ? (isQuoted ? '""' : withName ? '' : '-') : quoted(value)
  return withName ? `${name}=${shown}` : shown
}

// libxo's two ways to write JSON.

const text = (value: string) => JSON.stringify(value)

function compact(jails: readonly Field[][]): string {
  const fields = (jail: Field[]) =>
    jail.map(([name, value]) => (typeof value === 'string' ? `"${name}":${value}` : `"${name}": [${value.join(',')}]`))
  const list = jails.map(jail => `{${fields(jail).join(',')}}`)
  return `{"__version": "2", "jail-information": {"jail": [${list.join(',')}]}}\n`
}

function pretty(jails: readonly Field[][]): string {
  const field = ([name, value]: Field) => {
    if (typeof value === 'string') return `        "${name}": ${value}`
    return `        "${name}": [\n${value.map(each => `          ${each}`).join(',\n')}${value.length ? '\n' : ''}        ]`
  }
  const list = jails.map(jail => `      {\n${jail.map(field).join(',\n')}\n      }`).join(',\n')
  const body = list === '' ? '' : `${list}\n`
  return `{\n  "__version": "2", \n  "jail-information": {\n    "jail": [\n${body}    ]\n  }\n}\n`
}
