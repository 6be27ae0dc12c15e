/**
 * loader.conf(5), line by line as stand/lua/config.lua matches it: a name, `=`, and a value in double quotes or a single
 * word, then nothing but a comment. sysrc(8) refuses names with dots (fact host-3), which is what kernel tunables have.
 */
import type { Probe } from '../core/host.ts'
import { CONTROL, linesOf, type Statement, type Syntax } from './settings-syntax.ts'

/** Read first by every release, and the file in which people look. */
export const LOADER_CONF = '/boot/loader.conf'
/** Its `*.conf` files are read next, in the order that the directory happens to have (config.lua, readConf). */
export const LOADER_CONF_FOLDER = '/boot/loader.conf.d'
/** Before the folder in 14.0, after it from 14.1 on (local_loader_conf_files). */
export const LOADER_CONF_LOCAL = '/boot/loader.conf.local'

const NAME = /^[A-Za-z0-9][\w.-]*$/
/** A quote in the comment would belong to the value: the loader takes all up to the line's last one. */
const SETTING = /^\s*([A-Za-z0-9][\w.-]*)\s*=\s*(?:"([^"\\$]*)"|([\w-][\w.-]*))(\s*(?:#[^"\n]*)?)\n?$/
const ASSIGNMENT = /^\s*([A-Za-z0-9][\w.-]*)\s*=/

export const LOADER: Syntax = {
  page: 'loader.conf(5)',

  parse: text =>
    linesOf(text).map((line): Statement => {
      const [, name, quoted, word = '', tail = ''] = SETTING.exec(line) ?? []
      if (name !== undefined) return { kind: 'setting', text: line, name, value: quoted ?? word, tail: tail.trimEnd() }
      const strange = ASSIGNMENT.exec(line)?.[1]
      return strange === undefined ? { kind: 'other', text: line } : { kind: 'strange', text: line, names: [strange] }
    }),

  objection(name, value) {
    if (!NAME.test(name)) return `'${name}' is no name of a loader's variable`
    if (name === 'exec') return 'it is a command of the loader and no setting'
    if (/(?:^|_)password$/.test(name)) return 'passwords would be shown in reports: set it by hand'
    if (/["\\$]/.test(value)) return "the loader would evaluate a double quote, '$' or a backslash in it"
    if (CONTROL.test(value)) return 'it has a control character or more than one line'
    return undefined
  },

  render: (name, value) => `${name}="${value}"`,
}

/** What the kernel was given by the loader, and not what the loader or a module of its own is told. */
export const isTunable = (name: string) => name.includes('.')

/** What the loader will be told, by name, as far as it can be read without the loader; a later file counts more. No process. */
export async function readLoaderFiles(machine: Probe): Promise<Map<string, string>> {
  const inFolder = ((await machine.list(LOADER_CONF_FOLDER)) ?? []).filter(name => name.endsWith('.conf'))
  const paths = [LOADER_CONF, ...inFolder.map(name => `${LOADER_CONF_FOLDER}/${name}`), LOADER_CONF_LOCAL]
  const texts = await Promise.all(paths.map(path => machine.read(path)))
  const settings = new Map<string, string>()
  for (const statement of texts.flatMap(text => LOADER.parse(text ?? ''))) {
    if (statement.kind === 'setting') settings.set(statement.name, statement.value)
    if (statement.kind === 'strange') for (const name of statement.names) settings.delete(name)
  }
  return settings
}
