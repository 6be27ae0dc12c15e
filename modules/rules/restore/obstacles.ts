/** What keeps datasets from being replaced where they are, in sentences. */
import type { World } from './look.ts'

type Datasets = readonly { readonly dataset: string }[]

export function inTheWay(parts: Datasets, world: World): string[] {
  return parts.flatMap(({ dataset }) => {
    const below = [...world.own.keys()].find(name => name.startsWith(`${dataset}/`))
    return below === undefined
      ? []
      : [`${dataset} has datasets below it (${below}), which would go with it. Restore them one by one, beside it.`]
  })
}

/** What a stop by instance_jail puts right: a failed start leaves mounts too. */
export function inUse(parts: Datasets, id: string, { life, mounts }: World): string[] {
  if (parts.length === 0) return []
  if (life !== 'stopped')
    return [
      `${id} ${life === 'running' ? 'is running' : 'is still dying'}: its datasets are replaced while it is stopped. Stop it with instance_jail.`,
    ]
  return parts.flatMap(({ dataset }) => {
    const mount = mounts.find(({ special }) => special === dataset)
    return mount === undefined
      ? []
      : [
          `${id} is stopped, and ${dataset} is mounted at ${mount.node}. instance_jail with \`state: stopped\` takes away what is left mounted below its root; else: 'umount ${mount.node}'.`,
        ]
  })
}
