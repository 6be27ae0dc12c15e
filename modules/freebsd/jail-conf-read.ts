/** jail.conf(5), as jail-conf.ts renders it, read back. What was written otherwise is none of ours and is not read. */
import type { Setting } from './jail-conf.ts'

const LINE = /^ {2}([a-z][a-z0-9_.]*)(?: (\+?=) ([A-Za-z0-9._-]+|"(?:[^"\\$]|\\[\\"$])*"))?;$/

/** The parameters of the one jail in `conf`, or undefined where a line is of another form. */
export function settingsIn(conf: string): Setting[] | undefined {
  const values = new Map<string, true | string[]>()
  for (const line of conf.split('\n').filter(text => text !== '' && !/^(#|\S+ \{$|\}$)/.test(text))) {
    const [, name, operator, word = ''] = LINE.exec(line) ?? []
    const known = name === undefined ? undefined : values.get(name)
    if (name === undefined || known === true || (operator === '+=') !== (known !== undefined)) return undefined
    if (operator === undefined) values.set(name, true)
    else values.set(name, [...(known ?? []), unquote(word)])
  }
  return [...values].map(([name, value]) => [name, value === true || value.length > 1 ? value : (value[0] ?? '')])
}

const unquote = (word: string) => (word.startsWith('"') ? word.slice(1, -1).replace(/\\([\\"$])/g, '$1') : word)

export const linesUnder = (settings: readonly Setting[], name: string): readonly string[] => {
  const value = settings.find(([each]) => each === name)?.[1]
  return value === undefined || value === true ? [] : typeof value === 'string' ? [value] : value
}
