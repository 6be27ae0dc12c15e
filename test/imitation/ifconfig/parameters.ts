/** The words after an interface's name: each does something, those of an address take effect together at the end. */
import { isIP } from 'node:net'
import { jailNamed } from '../jail/kernel.ts'
import type { Interface, Member } from '../kernel.ts'
import type { Machine } from '../machine.ts'
import { bridgeOf, interfaceNamed, moveInterface } from '../network.ts'
import { type Screen, Unknown } from '../screen.ts'
import { type AddressWish, applyAddress, bringUp } from './addresses.ts'
import { addMember, describeAddresses, MEMBER_WORDS, memberOf, removeMember, setMemberFlag } from './bridge.ts'
import { destroyNamed } from './clone.ts'
import { die } from './errors.ts'

/** IFNAMSIZ with its NUL (facts.md, jail-7). */
const LONGEST_NAME = 15

const ND6_WORDS: Readonly<Record<string, string>> = {
  accept_rtadv: 'ACCEPT_RTADV',
  auto_linklocal: 'AUTO_LINKLOCAL',
  ifdisabled: 'IFDISABLED',
  no_radr: 'NO_RADR',
}

export interface Subject {
  readonly machine: Machine
  readonly screen: Screen
  readonly on: Interface
  /** The name is to be printed at the end: it is not the one that was given. */
  readonly announce: () => void
}

export function applyParameters(subject: Subject, given: readonly string[]): void {
  const { machine, screen, on } = subject
  const words = [...given]
  const next = (): string => words.shift() ?? die(screen, "'value' required for argument")
  let wish: AddressWish | undefined
  const address = (): AddressWish => {
    wish ??= { family: 'inet', verb: 'set' }
    return wish
  }
  while (words.length > 0) {
    const word = next()
    if (word === 'inet' || word === 'inet6') wish = { family: word, verb: 'set' }
    else if (isIP(word.split(/[/%]/)[0] ?? '') !== 0) address().text = word
    else if (word === 'netmask') address().netmask = next()
    else if (word === 'prefixlen') address().prefix = Number(next())
    else if (word === 'broadcast') address().broadcast = next()
    else if (word === 'alias' || word === 'add') address().verb = 'add'
    else if (['-alias', 'delete', 'remove'].includes(word)) address().verb = 'remove'
    else if (word.replace(/^-/, '') in ND6_WORDS) setNd6(on, word)
    else if (word.replace(/^-/, '') in MEMBER_WORDS) setMemberFlag(machine, screen, on, word, next())
    else applyWord(subject, word, next)
    machine.changed()
  }
  if (wish?.text !== undefined) applyAddress(machine, screen, on, wish)
}

function applyWord(subject: Subject, word: string, next: () => string): void {
  const act = WORDS[word]
  if (act === undefined) throw new Unknown(`parameter ${word}`)
  act(subject, next)
}

type Act = (subject: Subject, next: () => string) => void

const describe: Act = ({ on }, next) => {
  on.description = next()
}
const forgetDescription: Act = ({ on }) => {
  delete on.description
}
const setEther: Act = ({ screen, on }, next) => {
  on.ether = checkEther(screen, next())
}
const member = ({ machine, screen, on }: Subject, name: string, ioctl: string): Member =>
  memberOf(machine, on, name) ?? die(screen, `${ioctl} ${name}: No such file or directory`)

const WORDS: Readonly<Record<string, Act>> = {
  up: ({ on }) => bringUp(on),
  down({ on }) {
    on.isUp = false
  },
  no_dad() {},
  name({ machine, screen, on, announce }, next) {
    rename(machine, screen, on, next())
    announce()
  },
  ether: setEther,
  link: setEther,
  lladdr: setEther,
  mtu({ machine, screen, on }, next) {
    if (bridgeOf(machine, on) !== undefined) die(screen, 'ioctl SIOCSIFMTU (set mtu): Operation not supported')
    on.mtu = Number(next())
  },
  descr: describe,
  description: describe,
  '-descr': forgetDescription,
  '-description': forgetDescription,
  // setifgroup of sbin/ifconfig/ifgroup.c: being in it already is no failure.
  group({ on }, next) {
    on.groups = [...new Set([...on.groups, next()])]
  },
  '-group'({ on }, next) {
    const gone = next()
    on.groups = on.groups.filter(each => each !== gone)
  },
  vnet({ machine, screen, on }, next) {
    const name = next()
    const jail = jailNamed(machine, name) ?? die(screen, `jail "${name}" not found`)
    moveInterface(machine, on, jail.vnet ? jail.jid : 0)
  },
  '-vnet'({ machine, on }, next) {
    next()
    moveInterface(machine, on, on.home)
  },
  destroy: ({ machine, screen, on }) => destroyNamed(machine, screen, on),
  addm: ({ machine, screen, on }, next) => addMember(machine, screen, on, next()),
  deletem: ({ machine, screen, on }, next) => removeMember(machine, screen, on, next()),
  ifmaxaddr(subject, next) {
    const found = member(subject, next(), 'BRDGSIFAMAX')
    found.maximum = Number(next())
  },
  static(subject, next) {
    const found = member(subject, next(), 'BRDGSADDR')
    const ether = checkEther(subject.screen, next())
    // bridge_rtupdate: one more than it may have; found again where it is, whosever it was.
    const others = found.fixed.filter(one => one !== ether)
    if (found.maximum > 0 && others.length >= found.maximum)
      die(subject.screen, `BRDGSADDR ${ether}: No space left on device`)
    for (const each of subject.on.members ?? []) each.fixed = each.fixed.filter(one => one !== ether)
    found.fixed.push(ether)
  },
  deladdr({ screen, on }, next) {
    const ether = checkEther(screen, next())
    const found = on.members?.find(each => each.fixed.includes(ether))
    if (found === undefined) die(screen, `BRDGDADDR ${ether}: No such file or directory`)
    else found.fixed = found.fixed.filter(each => each !== ether)
  },
  // What was learned comes and goes, and is not imitated; what is fixed stays (IFBF_FLUSHDYN).
  flush() {},
  addr: ({ machine, screen, on }) => screen.out(describeAddresses(machine, on)),
}

function rename(machine: Machine, screen: Screen, on: Interface, name: string): void {
  const refuse = (why: string) => die(screen, `ioctl SIOCSIFNAME (set name): ${why}`)
  if (name.length > LONGEST_NAME) refuse('File name too long')
  if (name !== on.name && interfaceNamed(machine, on.vnet, name) !== undefined) refuse('File exists')
  on.name = name
}

function setNd6(on: Interface, word: string): void {
  const flag = ND6_WORDS[word.replace(/^-/, '')] ?? ''
  on.nd6 = on.nd6.filter(each => each !== flag)
  if (!word.startsWith('-')) on.nd6.push(flag)
  if (on.isUp) bringUp(on)
}

const checkEther = (screen: Screen, text: string) =>
  /^([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i.test(text)
    ? text
        .toLowerCase()
        .split(':')
        .map(byte => byte.padStart(2, '0'))
        .join(':')
    : die(screen, `malformed link-level address`)
