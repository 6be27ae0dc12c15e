/** Blueprints of a host, who runs on them or could go back to them, and what is wrong with them. */

import type { Manifest } from '../blueprint/manifest.ts'
import { blueprintDataset, buildDataset, PROPERTY, snapshotOfRevision } from '../layout.ts'
import { neededUnderWay, waysBack } from '../switch/ways-back.ts'
import type { InstanceView } from './instance.ts'
import { childrenOf, type Seen } from './look.ts'

export interface BlueprintState {
  readonly release?: string
  readonly architecture?: string
  readonly revision?: number
  readonly packages?: number
  readonly amendments?: AmendmentState[]
  readonly used_bytes: number
  readonly instances: string[]
  readonly ways_back: string[]
}

interface AmendmentState {
  readonly revision: number
  readonly created: string
  readonly reason?: string
}

export function stateOfBlueprints(seen: Seen, views: readonly InstanceView[]): Record<string, BlueprintState> {
  const back = [waysBack(seen.site, seen.switches, seen.snapshots), neededUnderWay(seen.switches)]
  return Object.fromEntries(
    namesOf(seen).map(name => {
      const row = seen.datasets.get(blueprintDataset(seen.site, name))
      const manifest = seen.manifests.get(name)
      const revision = row?.get(PROPERTY.revision)
      const users = views.filter(({ runsOn, configuredOn }) => runsOn === name || configuredOn === name)
      return [
        name,
        {
          ...(typeof manifest === 'object'
            ? {
                release: manifest.release,
                architecture: manifest.architecture,
                packages: manifest.packages.length,
                amendments: amendmentsOf(manifest, seen),
              }
            : {}),
          ...(revision === undefined ? {} : { revision: Number(revision) }),
          used_bytes: Number(row?.get('used')),
          instances: users.map(({ id }) => id),
          ways_back: [...new Set(back.flatMap(ids => ids.get(name) ?? []))].sort(),
        },
      ]
    }),
  )
}

const amendmentsOf = ({ name, revisions }: Manifest, { site, reasons }: Seen): AmendmentState[] =>
  revisions
    .filter(({ revision }) => revision > 1)
    .map(({ revision, created }) => {
      const reason = reasons.get(`${blueprintDataset(site, name)}@${snapshotOfRevision(revision)}`)
      return { revision, created, ...(reason === undefined ? {} : { reason }) }
    })

const namesOf = ({ site, datasets }: Seen) => childrenOf(`${site.dataset}/blueprints`, datasets)

export function problemsOfBlueprints(seen: Seen): string[] {
  const { site, datasets, manifests } = seen
  return [
    ...seen.switches.problems.map(problem => problem.replace(/\.$/, '')),
    ...namesOf(seen).flatMap(name => {
      const row = datasets.get(blueprintDataset(site, name))
      const stage = row?.get(PROPERTY.stage)
      const manifest = manifests.get(name)
      return [
        ...(stage === undefined || stage === 'complete'
          ? []
          : [`the blueprint ${name} is not complete (${stage}): run blueprint_jail again`]),
        ...(row?.get('readonly') === 'on' ? [] : [`the blueprint ${name} is writable`]),
        ...(manifest === undefined ? [`the blueprint ${name} has no manifest, so nobody can tell what is in it`] : []),
        ...(typeof manifest === 'string'
          ? [`the blueprint ${name} cannot be read: ${manifest.replace(/\.$/, '')}`]
          : []),
      ]
    }),
    ...childrenOf(`${site.dataset}/build`, datasets).map(
      name =>
        `the blueprint ${name} is half built (${datasets.get(buildDataset(site, name))?.get(PROPERTY.stage) ?? 'just begun'}): run blueprint_jail again`,
    ),
  ]
}
