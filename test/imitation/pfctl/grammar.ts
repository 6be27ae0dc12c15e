/**
 * pf.conf(5), as much as hosting needs of it: anchors, translation, pass and block. Each line becomes the rules that
 * pfctl(8) shows for it (sbin/pfctl/parse.y, pfctl_parser.c; 04-symlink-rctl-net.jsonl, "pf(4)").
 */
import { BadRule, Line, type Networks, type Rule } from './line.ts'

/** `load anchor NAME from FILE` of the main rules. */
export interface Load {
  readonly anchor: string
  readonly file: string
}

export interface Parsed {
  readonly rules: readonly Rule[]
  readonly loads: readonly Load[]
  /** Lines that are no rules, or stand where they must not. */
  readonly wrong: readonly { readonly line: number; readonly why: string }[]
}

/** check_rulestate of parse.y; macros, tables and `load anchor` may stand anywhere. */
const ORDER = ['set', 'ether', 'scrub', 'nat', 'filter']
const DISORDER = 'Rules must be in order: options, ethernet, normalization, queueing, translation, filtering'

const TOKEN = /"[^"]*"|->|[{}(),!=]|<[\w-]+>|[^\s"{}(),!=]+/g

export function parseRules(text: string, networks: Networks): Parsed {
  const macros = new Map<string, string>()
  const rules: Rule[] = []
  const loads: Load[] = []
  const wrong: { line: number; why: string }[] = []
  let reached = 0
  const stands = (kind: string, line: number) => {
    const rank = ORDER.indexOf(kind)
    if (rank < reached) wrong.push({ line, why: DISORDER })
    reached = Math.max(reached, rank)
  }
  const lines = text.replace(/\\\n/g, ' ').split('\n')
  for (const [index, whole] of lines.entries()) {
    const line = whole.replace(/#.*/, '').replace(/\$(\w+)/g, (_, name) => macros.get(name) ?? `$${name}`)
    const macro = /^\s*(\w+)\s*=\s*"([^"]*)"\s*$/.exec(line)
    if (macro) {
      macros.set(macro[1] ?? '', macro[2] ?? '')
      continue
    }
    const words = line.match(TOKEN) ?? []
    const first = words[0] ?? ''
    if (first === 'set' || first === 'scrub') stands(first, index + 1)
    if (['', 'set', 'table', 'scrub'].includes(first)) continue
    if (first === 'load') {
      const [, , anchor, from, file] = words.map(word => word.replace(/"/g, ''))
      if (words[1] !== 'anchor' || from !== 'from' || anchor === undefined || file === undefined)
        wrong.push({ line: index + 1, why: 'syntax error' })
      else loads.push({ anchor, file })
      continue
    }
    try {
      const made = new Line(words, networks).rules()
      for (const { kind } of made) stands(kind, index + 1)
      rules.push(...made)
    } catch (problem) {
      if (!(problem instanceof BadRule)) throw problem
      wrong.push({ line: index + 1, why: 'syntax error' })
    }
  }
  return { rules, loads, wrong }
}
