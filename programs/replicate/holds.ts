/**
 * On the copy: what the next increment stands on cannot be destroyed there, and nothing older of ours stays held. A run that
 * was settled has left exactly the last bases held, so of what this run changed those are released; after one that was cut
 * off all snapshots of all copies are asked, which is slow (zfs-points.ts).
 */
import { CommandFailed } from '../../modules/core/errors.ts'
import type { RunStep } from '../../modules/core/step.ts'
import { asking, chunks } from '../../modules/freebsd/ssh.ts'
import { readHolds } from '../../modules/freebsd/zfs.ts'
import { holdSnapshots, readHeld, releaseSnapshots } from '../../modules/freebsd/zfs-points.ts'
import { there } from '../../modules/rules/replica/both.ts'
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { HOLD } from '../../modules/rules/replica/names.ts'
import { fullName, snapshotsOf, standsOn } from '../../modules/rules/replica/side.ts'
import type { Item } from '../../modules/rules/replica/tree.ts'
import type { Course, Wires } from './rounds.ts'

export async function holdBases(job: Job, { items, stoodOn, wasUnsettled }: Course, { machine }: Wires): Promise<void> {
  const copies = items.flatMap(placesOf)
  for (const some of chunks(wasUnsettled ? copies : copies.filter(({ path, base }) => stoodOn.get(path) !== base))) {
    const held = wasUnsettled ? await heldOf(some) : undefined
    const isReleased = (name: string, path: string) => held?.has(name) ?? stoodOn.get(path) === name
    const released = some.flatMap(({ path, older }) => older.filter(name => isReleased(name, path)))
    const wanted = some.map(({ base }) => base).filter(name => held?.has(name) !== true)
    for (const step of [...holdSnapshots(HOLD, wanted), ...releaseSnapshots(HOLD, released)]) await orAsWished(step)
  }

  async function heldOf(some: readonly Place[]): Promise<Set<string>> {
    const targetHost = asking(machine, job.target.login)
    const held = await readHeld(
      targetHost,
      some.map(({ copy }) => copy),
    )
    const tags = held.length === 0 ? new Map<string, string[]>() : await readHolds(targetHost, held)
    return new Set(held.filter(name => tags.get(name)?.includes(HOLD)))
  }

  /** zfs(8) deals with each name by itself and goes on. What it finds held, or released, is as it should be. */
  async function orAsWished(step: RunStep): Promise<void> {
    await machine.perform(there(job.target.login, step)).catch(error => {
      const lines = error instanceof CommandFailed ? (error.answer?.stderr ?? '').split('\n').filter(Boolean) : []
      if (lines.length === 0 || !lines.every(line => AS_WISHED.test(line))) throw error
    })
  }
}

/** As OpenZFS 2.3.2 says it (openzfs lib/libzfs/libzfs_dataset.c, zfs_hold and zfs_release). */
const AS_WISHED =
  /^cannot (hold snapshot '.+': tag already exists on this dataset|release hold from snapshot '.+': (no such tag on this dataset|dataset does not exist)|open '.+': dataset does not exist)$/

interface Place {
  readonly path: string
  /** The copy's name. */
  readonly copy: string
  /** Full names of its snapshots. */
  readonly base: string
  readonly older: readonly string[]
}

function placesOf({ path, source, target, targetName: copy }: Item): Place[] {
  const base = target === undefined ? undefined : standsOn(source, target)
  if (target === undefined || base === undefined) return []
  const older = snapshotsOf(target).filter(({ createtxg }) => createtxg < base.createtxg)
  return [{ path, copy, base: fullName(target, base), older: older.map(point => fullName(target, point)) }]
}
