/** sysctl.conf(5), as sbin/sysctl/sysctl.c reads it (parsefile, parse): `name=value` or `name: value`, `#` for comments. */
import { CONTROL, linesOf, type Statement, type Syntax } from './settings-syntax.ts'

/** rc.d/sysctl reads them in this order, and what was unknown then once more when modules are loaded (sysctl_lastload). */
export const SYSCTL_CONF = ['/etc/sysctl.conf', '/etc/sysctl.conf.local'] as const

const NAME = /^[A-Za-z0-9_%][\w%-]*(?:\.[\w%-]+)+$/
const SETTING = /^\s*([^\s=:#"'\\]+)\s*[=:]\s*(?:"([^"#]*)"|'([^'#]*)'|([^"'#\\]*?))(\s*(?:#[^"']*)?)$/
const ASSIGNMENT = /^\s*([^\s=:#]+)\s*[=:]/

export const SYSCTL: Syntax = {
  page: 'sysctl.conf(5)',

  parse: text =>
    linesOf(text).map((line): Statement => {
      const [, name, double, single, plain = '', tail = ''] = SETTING.exec(line.replace(/\n$/, '')) ?? []
      if (name !== undefined)
        return { kind: 'setting', text: line, name, value: double ?? single ?? plain, tail: tail.trimEnd() }
      const strange = ASSIGNMENT.exec(line)?.[1]
      return strange === undefined ? { kind: 'other', text: line } : { kind: 'strange', text: line, names: [strange] }
    }),

  objection(name, value) {
    if (!NAME.test(name)) return `'${name}' is no name of sysctl(8), like net.inet.ip.forwarding`
    if (/["'#\\]/.test(value)) return "sysctl.conf has no way to write a quote, '#' or a backslash in it"
    if (CONTROL.test(value)) return 'it has a control character or more than one line'
    if (value !== value.trim()) return 'sysctl(8) takes away blanks around it'
    return undefined
  },

  render: (name, value) => `${name}=${value}`,
}
