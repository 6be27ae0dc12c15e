/** A dataset that does not exist yet. */
import { UNKNOWN } from '../../core/module.ts'
import { parentOf } from '../../freebsd/zfs-names.ts'
import { type DatasetType, findProperty } from '../../freebsd/zfs-properties.ts'
import { cloneSnapshot, createFilesystem, createVolume, promoteClone, type Setting } from '../../freebsd/zfs-steps.ts'
import type { Context } from './present.ts'
import { createdVolsize, objectToCreation } from './properties.ts'
import type { Request } from './requests.ts'
import type { Wanted } from './values.ts'
import type { Draft } from './work.ts'
import type { World } from './world.ts'

export function createDataset(
  request: Request,
  type: DatasetType,
  wanted: readonly Wanted[],
  world: World,
  { snapshots }: Context,
  work: Draft,
): void {
  const { name, origin, key, sparse = false } = request
  const parent = world.find(parentOf(name) ?? '')
  const settings = wanted.flatMap(({ property, value }): Setting[] => (value === null ? [] : [[property, value]]))
  const settingOf = (property: string) => settings.find(([known]) => known === property)?.[1]

  const objection = origin === undefined ? objectToCreation(wanted, type, parent) : objectToClone(settings)
  if (objection !== undefined) work.problems.push(`${name} cannot be created: ${objection}`)
  else work.problems.push(...objectToKey(request, settingOf).map(reason => `${name} cannot be created: ${reason}`))
  if (origin !== undefined && !snapshots.has(origin))
    work.unmet.push(`${name} is to be a clone of ${origin}, which does not exist: take that snapshot first.`)

  const unmounted = request.mounted === false
  const keyed = key === undefined ? {} : { key }
  if (origin !== undefined) {
    work.steps.push(['create', cloneSnapshot(origin, name, settings)])
    if (request.promoted === true) work.steps.push(['promote', promoteClone(name)])
  } else if (type === 'volume') {
    const others = sparse ? settings.filter(([property]) => property !== 'refreservation') : settings
    work.steps.push(['create', createVolume(name, settingOf('volsize') ?? '0', others, { ...keyed, sparse })])
  } else {
    work.steps.push(['create', createFilesystem(name, settings, { ...keyed, unmounted })])
  }
  const keylocation = settingOf('keylocation')
  if (key !== undefined && keylocation !== undefined && keylocation !== 'prompt')
    work.settings.push(['keylocation', keylocation])

  const altroot = world.altroot(name)
  const look = ({ property, value }: Wanted): string => {
    if (value === null) return 'inherited'
    if (property === 'volsize') return createdVolsize(value, settingOf('volblocksize'))
    if (property === 'mountpoint' && value.startsWith('/')) return altroot + value
    return value === 'auto' ? UNKNOWN : value
  }
  work.after = {
    type,
    ...Object.fromEntries(wanted.map(one => [one.property, look(one)])),
    ...(request.promoted === true && { promoted: 'yes' }),
    ...(key !== undefined && { keystatus: 'available' }),
  }
  world.add(
    name,
    type,
    settings.map(([property, value]) => [property, look({ property, value })]),
  )
}

function objectToClone(settings: readonly Setting[]): string | undefined {
  const fixed = settings
    .filter(([property]) => findProperty(property)?.settable === 'creation')
    .map(([property]) => property)
  return fixed.length === 0 ? undefined : `a clone has ${fixed.join(', ')} from its origin. Leave that out.`
}

const LENGTHS = { passphrase: /^.{8,512}$/s, hex: /^[0-9a-f]{64}$/i } as const

/** A key that ZFS would not take is refused before anything is made. Source: lib/libzfs/libzfs_crypto.c of OpenZFS. */
function objectToKey({ key }: Request, settingOf: (property: string) => string | undefined): string[] {
  const format = settingOf('keyformat')
  const prompts = (settingOf('keylocation') ?? 'prompt') === 'prompt'
  if (key === undefined)
    return format !== undefined && prompts
      ? ['encryption needs a key: give `key`, or a keylocation that ZFS can read it from.']
      : []
  if (format === undefined) return ['`key` needs encryption and keyformat among the properties.']
  if (format === 'raw') return ["a raw key cannot be written in a playbook: use keyformat 'hex', or a keylocation."]
  if (format === 'passphrase' && !LENGTHS.passphrase.test(key)) return ['a passphrase has 8 to 512 characters.']
  return format === 'hex' && !LENGTHS.hex.test(key) ? ['a key in hex has 64 digits.'] : []
}
