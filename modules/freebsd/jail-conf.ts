/** jail.conf(5): one jail with its parameters, so written that usr.sbin/jail/jaillex.l reads back what was meant. */

/** `true` is a parameter without a value; a list has several values, each in a line of its own. */
export type Value = true | string | readonly string[]
export type Setting = readonly [name: string, value: Value]

export function renderJail(name: string, settings: readonly Setting[]): string {
  return `${quote(name)} {\n${settings.flatMap(lines).join('')}}\n`
}

function lines([name, value]: Setting): string[] {
  if (value === true) return [`  ${name};\n`]
  const values = typeof value === 'string' ? [value] : value
  return values.map((one, index) => `  ${name} ${index === 0 ? '=' : '+='} ${quote(one)};\n`)
}

/** A token, or a string in which nothing is a variable (`$name`) or the end. Control characters are refused before. */
const quote = (text: string) => (/^[A-Za-z0-9._-]+$/.test(text) ? text : `"${text.replace(/[\\"$]/g, '\\$&')}"`)
