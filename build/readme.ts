/** The table of modules in README.md, between its markers. */
import type { AnyDefinition } from '../modules/core/module.ts'

const BEGIN = '<!-- modules: this table is written by `npm run build` -->'
const END = '<!-- end of modules -->'

/** `readme` with the table that these definitions make. */
export function withModuleTable(readme: string, definitions: readonly AnyDefinition[]): string {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin === -1 || end < begin) throw new Error(`README.md lacks the lines '${BEGIN}' and '${END}'`)
  const rows = definitions.map(({ name, summary }) => `| [\`${name}\`](modules/${name}.ts) | ${summary} |`)
  const table = ['| module | ensures |', '|---|---|', ...rows].join('\n')
  return `${readme.slice(0, begin + BEGIN.length)}\n${table}\n${readme.slice(end)}`
}
