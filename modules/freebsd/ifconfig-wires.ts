/** The interfaces that the command lines of jail.conf(5) make, as ifconfig.ts writes them, read back. */

/** An epair between a bridge and an instance, as far as the host can see it. */
export interface MadeWire {
  /** The end on the host. */
  readonly outer: string
  /** The end in the instance. */
  readonly inner: string
  readonly bridge: string
  /** The outer end's description, which tells what the rest was made from. */
  readonly note: string
  /** The inner end's link address. */
  readonly ether: string
  /** Its neighbours on the bridge are kept from it. */
  readonly isPrivate: boolean
  /** With their prefix length. */
  readonly addresses: readonly string[]
}

/** Of exec.prepare and exec.created. */
export function wiresIn(prepare: readonly string[], created: readonly string[]): MadeWire[] {
  return matches(prepare, /^ifconfig epair(\d+)a name (\S+)$/).map(([unit, outer = '']) => {
    const [[passing] = []] = matches(prepare, new RegExp(`^ifconfig epair${unit}b name (\\S+)$`))
    const inner = matches(created, /^ifconfig -j \S+ (\S+) name (\S+)$/).find(([name]) => name === passing)?.[1] ?? ''
    const [bridge = '', , words = ''] =
      matches(prepare, /^ifconfig (\S+) addm (\S+)(.*)$/).find(([, member]) => member === outer) ?? []
    return {
      outer,
      inner,
      bridge,
      ether: matches(prepare, /^ifconfig (\S+) ether (\S+)/).find(([name]) => name === passing)?.[1] ?? '',
      isPrivate: / private /.test(words),
      note: matches(prepare, /^ifconfig (\S+) ether \S+ descr (\S+)/).find(([name]) => name === outer)?.[1] ?? '',
      addresses: matches(created, /^ifconfig -j \S+ (\S+) inet6? (\S+)/).flatMap(([name, address = '']) =>
        name === inner ? [address] : [],
      ),
    }
  })
}

/** What the pattern's groups have caught, of every line that it fits. */
const matches = (lines: readonly string[], pattern: RegExp): string[][] =>
  lines.flatMap(line => {
    const found = pattern.exec(line)
    return found === null ? [] : [found.slice(1)]
  })
