/** Who is on a bridge: what leads out of the host, and guests, which it keeps apart. */
import type { RunStep } from '../../core/step.ts'
import type { Interface } from '../../freebsd/ifconfig.ts'
import { setMember } from '../../freebsd/ifconfig-network.ts'
import type { Request } from './requests.ts'

export type Devices = ReadonlyMap<string, Interface>

/** What hangs on a bridge on behalf of something that runs on the host (epair(4), tap(4) with bhyve(8)). */
const GUESTS = ['epair', 'tap', 'vm-port', 'vmnet']

type Named = Pick<Request, 'uplinks'>
const NOTHING: Named = { uplinks: [] }

/** What a task calls an uplink is one, whatever it is. */
const isGuest = (name: string, devices: Devices, { uplinks }: Named) =>
  !uplinks.some(uplink => uplink.name === name) &&
  (devices.get(name)?.groups.some(group => GUESTS.includes(group)) ?? false)

/** Their names, as those of `uplinksOf`. */
export const guestsOf = (bridge: Interface | undefined, devices: Devices, named = NOTHING): string[] =>
  (bridge?.members ?? []).filter(name => isGuest(name, devices, named))

export const uplinksOf = (bridge: Interface | undefined, devices: Devices, named = NOTHING): string[] =>
  (bridge?.members ?? []).filter(name => !isGuest(name, devices, named))

export const has = (bridge: Interface | undefined, member: string, flag: string): boolean =>
  bridge?.membership.get(member)?.flags.includes(flag) ?? false

export const isStp = (bridge: Interface | undefined, uplink: string): boolean => has(bridge, uplink, 'STP')

/** Instances' own interfaces are instance_jail's affair, all but whether they may speak to each other here. */
const isInstances = (name: string, devices: Devices) => devices.get(name)?.description?.startsWith('bluejail:') ?? false

/** What it is made to be now, its own configuration undoes with its next start. */
export const openWarnings = (request: Request, devices: Devices): string[] => {
  const { name, state, isolate } = request
  const bridge = devices.get(name)
  const open =
    state === 'absent' || !isolate
      ? []
      : guestsOf(bridge, devices, request).filter(
          guest => isInstances(guest, devices) && !has(bridge, guest, 'PRIVATE'),
        )
  return open.map(
    guest =>
      `${name}: ${guest} is kept apart from now on, and no longer when its instance starts again, which is configured with \`private: false\`. instance_jail without that makes it last.`,
  )
}

/** Who is no instance of ours learns, and what the bridge has learned of it nobody takes over (isolation.ts). */
export function guestSteps(
  { name: own }: Request,
  guest: string,
  bridge: Interface | undefined,
  devices: Devices,
): RunStep[] {
  const wanted = isInstances(guest, devices) ? ['private'] : ['private', 'sticky']
  return wanted.filter(word => !has(bridge, guest, word.toUpperCase())).map(word => setMember(own, word, guest))
}
