/** ifconfig(8): interfaces of this machine and of its jails. */

import { jailNamed } from '../jail/kernel.ts'
import { type Interface, kernelOf } from '../kernel.ts'
import type { Machine } from '../machine.ts'
import { interfaceNamed } from '../network.ts'
import { getopt, imitation, type Screen, Unknown } from '../screen.ts'
import { createInterface } from './clone.ts'
import { die } from './errors.ts'
import { applyParameters } from './parameters.ts'
import { describeInterface, readFormats } from './show.ts'

/** Of 04-symlink-rctl-net.jsonl: what `create` can make. */
const CLONERS = 'vlan bridge epair lo\n'

export const ifconfig = imitation('ifconfig', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'aCdf:g:j:lu')
  const given = values.get('j')?.at(-1)
  const jail = given === undefined ? undefined : (jailNamed(machine, given) ?? die(screen, `jail "${given}" not found`))
  const vnet = jail?.vnet ? jail.jid : 0
  const formats = readFormats(values.get('f')?.at(-1))
  const group = values.get('g')?.at(-1)
  const mine = kernelOf(machine).interfaces.filter(each => {
    if (each.vnet !== vnet || (set.has('u') && !each.isUp) || (set.has('d') && each.isUp)) return false
    return group === undefined || each.groups.includes(group)
  })
  const [name, ...words] = operands

  if (set.has('C')) screen.out(CLONERS)
  else if (set.has('l')) screen.out(`${mine.map(each => each.name).join(' ')}\n`)
  else if (group !== undefined && !set.has('a')) screen.out(mine.map(each => `${each.name}\n`).join(''))
  else if (name === undefined) for (const each of mine) screen.out(describeInterface(machine, each, formats))
  else if (set.has('a')) throw new Unknown('form of -a (with parameters)')
  else if (words[0] === 'create' || words[0] === 'plumb') create(machine, screen, vnet, name, words.slice(1))
  else {
    const on = interfaceNamed(machine, vnet, name) ?? reclaimed(machine, vnet, words)
    if (on === undefined) die(screen, `interface ${name} does not exist`)
    if (words.length === 0) screen.out(describeInterface(machine, on, formats))
    else change(machine, screen, on, words, false)
  }
  return 0

  /** `-vnet JAIL` names an interface as it is called inside that jail. */
  function reclaimed(of: Machine, own: number, [word, from = '']: readonly string[]): Interface | undefined {
    const there = word === '-vnet' ? jailNamed(of, from) : undefined
    return there?.vnet && own === 0 && name !== undefined ? interfaceNamed(of, there.jid, name) : undefined
  }
})

/** The name is printed where it is not the one that was asked for: `epair7 create` prints `epair7a`. */
function create(machine: Machine, screen: Screen, vnet: number, name: string, words: readonly string[]): void {
  const rest = [...words]
  const take = (word: string) => {
    const at = rest.indexOf(word)
    return at < 0 ? undefined : rest.splice(at, 2)[1]
  }
  const [tag, device] = [take('vlan'), take('vlandev')]
  const wish = { ...(tag === undefined ? {} : { tag: Number(tag) }), ...(device === undefined ? {} : { device }) }
  const made = createInterface(machine, screen, vnet, name, wish)
  change(machine, screen, made, rest, made.name !== name)
}

function change(machine: Machine, screen: Screen, on: Interface, words: readonly string[], isNews: boolean): void {
  let announced = isNews
  const announce = () => {
    announced = true
  }
  applyParameters({ machine, screen, on, announce }, words)
  if (announced) screen.out(`${on.name}\n`)
}
