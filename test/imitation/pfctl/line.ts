/** One rule of pf.conf(5), word by word (sbin/pfctl/parse.y). */
import { isIP } from 'node:net'
import { Unknown } from '../screen.ts'

export interface Rule {
  readonly kind: 'ether' | 'nat' | 'filter'
  readonly text: string
}

/** An interface's network or addresses, by its name. */
export type Networks = (name: string, isNetwork: boolean) => readonly string[]

export class BadRule extends Error {}

/** Of the real grammar, and none of ours. */
const FOREIGN = new Set(
  'route-to reply-to dup-to tag tagged label queue probability rtable fragment allow-opts divert-to user group os received-on max binat binat-anchor altq'.split(
    ' ',
  ),
)
const FAMILIES = ['inet', 'inet6']

export class Line {
  readonly #words: string[]
  readonly #networks: Networks

  constructor(words: readonly string[], networks: Networks) {
    this.#words = [...words]
    this.#networks = networks
  }

  rules(): Rule[] {
    const first = this.#next()
    const rules = this.#ofKind(first)
    if (this.#words.length > 0) this.#refuse(this.#words[0])
    return rules
  }

  #ofKind(first: string): Rule[] {
    switch (first) {
      case 'anchor':
      case 'nat-anchor':
      case 'rdr-anchor': {
        const name = this.#next().replace(/"/g, '')
        this.#accept('all')
        return [{ kind: first === 'anchor' ? 'filter' : 'nat', text: `${first} "${name}" all` }]
      }
      case 'ether':
        return this.#ethernet()
      case 'nat':
      case 'rdr':
        return this.#translation(first)
      case 'pass':
      case 'block':
        return this.#filter(first)
      default:
        return this.#refuse(first)
    }
  }

  /** parse.y, etherrule and etheranchorrule; a link address with its mask, and `l3`, are not imitated. */
  #ethernet(): Rule[] {
    const action = this.#next()
    if (action === 'anchor') return [{ kind: 'ether', text: `ether anchor ${this.#next()} all` }]
    if (action !== 'pass' && action !== 'block') this.#refuse(action)
    const direction = ['in', 'out'].find(word => this.#accept(word))
    const parts = [action, direction, this.#accept('quick') && 'quick']
    for (const word of ['on', 'proto', 'from', 'to']) if (this.#accept(word)) parts.push(word, this.#negated())
    return [{ kind: 'ether', text: `ether ${parts.filter(part => part).join(' ')}` }]
  }

  #translation(action: 'nat' | 'rdr'): Rule[] {
    const passes = this.#accept('pass')
    const matches = this.#matches()
    if (!this.#accept('->')) this.#refuse(this.#words[0])
    const target = this.#target()
    const port = this.#accept('port') ? ` port ${this.#next()}` : ''
    const isStatic = this.#accept('static-port')
    const pool = target.startsWith('(') ? ' round-robin' : ''
    return matches.map(({ text, family }) => ({
      kind: 'nat',
      text: `${action}${passes ? ' pass' : ''}${this.#within(text, family ?? familyOf(target))} -> ${target}${port}${pool}${isStatic ? ' static-port' : ''}`,
    }))
  }

  #filter(action: 'pass' | 'block'): Rule[] {
    const policy =
      action === 'pass' ? '' : this.#accept('return') ? ' return' : this.#accept('drop') ? ' drop' : ' drop'
    const direction = this.#accept('in') ? ' in' : this.#accept('out') ? ' out' : ''
    const log = this.#accept('log') ? ' log' : ''
    const quick = this.#accept('quick') ? ' quick' : ''
    const matches = this.#matches()
    const icmp = ['icmp-type', 'icmp6-type'].find(word => this.#accept(word))
    const message = icmp === undefined ? '' : ` ${icmp} ${this.#next()}`
    const stateless = this.#accept('no') && this.#accept('state')
    if (this.#accept('keep')) this.#accept('state')
    const flags = this.#accept('flags') ? this.#next() : 'S/SA'
    if (this.#accept('keep')) this.#accept('state')
    return matches.map(({ text, family, protocol }) => {
      const tcp = protocol === undefined || protocol === 'tcp' ? ` flags ${flags}` : ''
      const state = action === 'block' ? '' : stateless ? ' no state' : `${tcp} keep state`
      return {
        kind: 'filter',
        text: `${action}${policy}${direction}${log}${quick}${this.#within(text, family)}${message}${state}`,
      }
    })
  }

  /** `on`, family, protocol, from and to: every combination of their lists is a rule. */
  #matches(): { readonly text: string; readonly family: string | undefined; readonly protocol: string | undefined }[] {
    const devices = this.#accept('on') ? this.#list(() => this.#negated()) : ['']
    const stated = FAMILIES.find(word => this.#accept(word))
    const protocols = this.#accept('proto') ? this.#list(() => this.#next()) : [undefined]
    const [froms, tos] = this.#accept('all') ? [['any'], ['any']] : this.#ends()
    const found = []
    for (const device of devices)
      for (const protocol of protocols)
        for (const from of froms)
          for (const to of tos) {
            const [one, other] = [familyOf(from), familyOf(to)]
            const family = stated ?? one ?? other
            if ([one, other].some(each => each !== undefined && each !== family)) continue
            const parts = [device && ` on ${device}`, '\0', protocol && ` proto ${protocol}`]
            const ends = from === 'any' && to === 'any' ? ' all' : ` from ${from} to ${to}`
            found.push({ text: parts.map(part => part ?? '').join('') + ends, family, protocol })
          }
    return found
  }

  /** The family comes between interface and protocol, and is known last. */
  #within = (text: string, family: string | undefined) => text.replace('\0', family === undefined ? '' : ` ${family}`)

  #ends(): [string[], string[]] {
    const from = this.#accept('from') ? this.#hosts() : ['any']
    return [from, this.#accept('to') ? this.#hosts() : ['any']]
  }

  #hosts(): string[] {
    const hosts = this.#words[0] === 'port' ? ['any'] : this.#list(() => this.#host()).flat()
    const ports = this.#accept('port') ? this.#list(() => this.#port()) : ['']
    return hosts.flatMap(host => ports.map(port => host + port))
  }

  #port(): string {
    const equals = this.#accept('=')
    const port = this.#next()
    return port.includes(':') && !equals ? ` port ${port}` : ` port = ${port}`
  }

  #host(): string[] {
    const sign = this.#accept('!') ? '! ' : ''
    if (this.#accept('(')) {
      const name = this.#next()
      if (!this.#accept(')')) this.#refuse(this.#words[0])
      return [`${sign}(${name})`]
    }
    const word = this.#next()
    if (word === 'any' || word === 'self' || word.startsWith('<') || isIP(word.split('/')[0] ?? '') !== 0)
      return [sign + word]
    const [name = '', modifier] = word.split(':')
    if (!/^[a-z][\w.]*$/.test(name) || (modifier !== undefined && modifier !== 'network')) this.#refuse(word)
    const found = this.#networks(name, modifier === 'network')
    return found.length === 0 ? this.#refuse(word) : found.map(each => sign + each)
  }

  #target(): string {
    const [target = ''] = this.#host()
    return target
  }

  #negated(): string {
    return (this.#accept('!') ? '! ' : '') + this.#next()
  }

  #list<T>(one: () => T): T[] {
    if (!this.#accept('{')) return [one()]
    const found: T[] = []
    while (!this.#accept('}')) {
      found.push(one())
      this.#accept(',')
    }
    return found
  }

  #accept(word: string): boolean {
    if (this.#words[0] !== word) return false
    this.#words.shift()
    return true
  }

  #next(): string {
    return this.#words.shift() ?? this.#refuse(undefined)
  }

  #refuse(word: string | undefined): never {
    if (word !== undefined && FOREIGN.has(word)) throw new Unknown(`word of pf.conf: ${word}`)
    throw new BadRule(word)
  }
}

function familyOf(end: string): string | undefined {
  const version = isIP(/^(?:! )?([0-9a-f.:]+)/i.exec(end)?.[1] ?? '')
  return version === 4 ? 'inet' : version === 6 ? 'inet6' : undefined
}
