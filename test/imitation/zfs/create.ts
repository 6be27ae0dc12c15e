/** zfs-create(8). */
import type { Machine } from '../machine.ts'
import { getopt, type Program, type Screen, Unknown } from '../screen.ts'
import type { Dataset } from '../state.ts'
import { readAssignments } from './assignments.ts'
import { giveBirth } from './birth.ts'
import { attempt, fail, failure, WHY, ZfsFailure } from './errors.ts'
import { checkNewKey, encryptionAtCreation } from './keys.ts'
import { mountDataset } from './mounting.ts'
import { checkName, checkParent, parentName, poolName } from './names.ts'
import { effective } from './read.ts'
import * as space from './space.ts'
import { validate } from './validate.ts'
import { parseNumber, volumeReservation } from './values.ts'

const DEFAULT_BLOCK = 16_384n

export const create: Program = (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'PV:b:nso:puv')
  const [name, ...more] = operands
  if (name === undefined || more.length > 0) throw new Unknown('number of operands')
  const wanted = readAssignments(screen, values.get('o') ?? [])
  const size = values.get('V')?.at(-1)
  const kind = size === undefined ? 'f' : 'v'
  const block = values.get('b')?.at(-1)
  if (kind === 'f' && (block !== undefined || set.has('s'))) throw new Unknown('way to create a filesystem')
  const dry = set.has('n')

  try {
    if (block !== undefined) wanted.set('volblocksize', String(parseNumber(block, `bad volume block size '${block}'`)))
    if (size !== undefined) wanted.set('volsize', String(parseNumber(size, `bad volume size '${size}'`)))
    if (dry || kind === 'v') {
      checkPool(machine, name)
      const failing = `cannot ${dry ? 'verify' : 'create'} '${name}'`
      const checked = validate(machine, wanted, { kind }, failing, text => screen.err(text))
      if (kind === 'v') fitVolume(wanted, checked, set.has('s'), screen)
    }
    if (set.has('p') && machine.dataset(name)?.type === (kind === 'v' ? 'volume' : 'filesystem')) return 0
    if (set.has('p') && !dry) createAncestors(machine, screen, name)
  } catch (problem) {
    if (!(problem instanceof ZfsFailure)) throw problem
    fail(screen, problem.message)
  }
  if (set.has('v') || set.has('P')) screen.out(announce(name, wanted, set, dry))
  if (dry) return 0

  let dataset: Dataset | undefined
  const status = attempt(screen, () => {
    dataset = createDataset(machine, name, kind, wanted, call.stdin, text => screen.err(text))
  })
  return dataset === undefined || set.has('u') ? status : status | mountFresh(machine, screen, dataset)
}

export function createDataset(
  machine: Machine,
  name: string,
  kind: 'f' | 'v',
  wanted: ReadonlyMap<string, string>,
  stdin: Buffer,
  warn: (text: string) => void,
): Dataset {
  const failing = `cannot create '${name}'`
  checkName(name, 'fv', failing)
  const parent = checkParent(machine, name)
  if (machine.dataset(name) !== undefined) throw failure(failing, WHY.exists)
  const stored = validate(machine, wanted, { kind }, failing, warn)
  const encryption = encryptionAtCreation(machine, parent, stored, stdin, failing)
  checkNewKey(encryption, failing)
  const reserved = Math.max(Number(stored.get('refreservation') ?? 0), Number(stored.get('reservation') ?? 0))
  if (reserved > 0 && reserved > space.available(machine, parent)) throw failure(failing, WHY.noSpace)
  if (kind === 'v' && !stored.has('volblocksize')) stored.set('volblocksize', String(DEFAULT_BLOCK))
  const type = kind === 'v' ? 'volume' : 'filesystem'
  return giveBirth(machine, {
    name,
    type,
    stored,
    fixed: encryption.fixed,
    ...(encryption.key && { key: encryption.key }),
  })
}

/** zfs_mount_and_share: what `canmount=on` asks for. */
export function mountFresh(machine: Machine, screen: Screen, dataset: Dataset): number {
  if (dataset.type === 'volume' || effective(machine, dataset, 'canmount') !== 'on') return 0
  const status = attempt(screen, () => mountDataset(machine, dataset))
  if (status !== 0) screen.err('filesystem successfully created, but not mounted\n')
  return status
}

/** zfs_create_ancestors: each with nothing but defaults, and mounted. */
export function createAncestors(machine: Machine, screen: Screen, name: string): void {
  const missing: string[] = []
  for (let at = parentName(name); at !== undefined && machine.dataset(at) === undefined; at = parentName(at))
    missing.unshift(at)
  for (const ancestor of missing)
    mountFresh(
      machine,
      screen,
      createDataset(machine, ancestor, 'f', new Map(), Buffer.alloc(0), () => {}),
    )
}

function checkPool(machine: Machine, name: string): void {
  const pool = poolName(name)
  if (!machine.state.pools.some(each => each.name === pool)) throw failure(`cannot open '${pool}'`, 'no such pool')
}

/** The size is rounded up to whole blocks, and reserved unless -s says otherwise; -v shows both (zfs_do_create). */
function fitVolume(
  wanted: Map<string, string>,
  checked: ReadonlyMap<string, string>,
  sparse: boolean,
  screen: Screen,
): void {
  const block = BigInt(checked.get('volblocksize') ?? DEFAULT_BLOCK)
  if (block < DEFAULT_BLOCK)
    screen.err(
      `Warning: volblocksize (${block}) is less than the default minimum block size (${DEFAULT_BLOCK}).\nTo reduce wasted space a volblocksize of ${DEFAULT_BLOCK} is recommended.\n`,
    )
  const asked = BigInt(checked.get('volsize') ?? 0)
  const size = ((asked + block - 1n) / block) * block
  wanted.delete('volsize')
  wanted.set('volsize', String(size))
  const copies = BigInt(checked.get('copies') ?? 1)
  const reserved = checked.get('refreservation')
  if (reserved === 'auto' || (!sparse && reserved === undefined))
    wanted.set('refreservation', String(volumeReservation(size, block, copies)))
}

function announce(name: string, wanted: ReadonlyMap<string, string>, set: ReadonlySet<string>, dry: boolean): string {
  const exact = set.has('P')
  const verb = exact ? 'create\t' : dry ? 'would create ' : 'create '
  const ancestors = exact ? 'create_ancestors\t' : dry ? 'would create ancestors of ' : 'create ancestors of '
  const lines = [...wanted].map(([property, value]) =>
    exact ? `property\t${property}\t${value}\n` : `\t${property}=${value}\n`,
  )
  return `${set.has('p') ? `${ancestors}${name}\n` : ''}${verb}${name}\n${lines.join('')}`
}
