/** Parts that belong together should be of one moment: what keeps them from it, what that costs, and what is left out for it. */
import { inWords, type Taken } from './moment.ts'
import type { Choice, Part } from './parts.ts'
import type { Request } from './requests.ts'

export type Chosen = Part & { readonly snapshot: Taken }

export function moments(parts: readonly Chosen[], id: string): string[] {
  const names = new Set(parts.map(({ snapshot }) => snapshot.name))
  if (names.size > 1)
    return [
      `${id}: its datasets have no snapshot in common at that moment, so they are of different ones: ${parts.map(({ name, snapshot }) => `${name} of ${inWords(snapshot.creation)}`).join(', ')}.`,
    ]
  const passed = passedOver(parts)
  return passed.length === 0
    ? []
    : [
        `${id}: newer ones that not all of its datasets have were passed over, so that all are of one moment: ${passed.join(', ')}. By itself, named in \`parts\`, a dataset is restored from its own newest.`,
      ]
}

/** Who asks for all of an instance has not seen how old the newest is that all have, and it would take the place of what is there. */
export function tooOld(parts: readonly Chosen[], { id, parts: named, wish }: Request): string[] {
  const passed = passedOver(parts)
  const [first] = parts
  if (first === undefined || named !== undefined || wish.snapshot !== undefined || passed.length === 0) return []
  const without = parts.filter(part => part.passedOver === undefined).map(({ name }) => name)
  return [
    `${id}: the newest snapshot that all of its datasets have is ${first.snapshot.name} (${inWords(first.snapshot.creation)}), and there are newer ones: ${passed.join(', ')}.${without.length === 0 ? '' : ` ${without.join(', ')} ${without.length === 1 ? 'has' : 'have'} none of these.`} If it is to be as old as that, say \`snapshot: ${first.snapshot.name}\`; otherwise name in \`parts\` what is to be restored.`,
  ]
}

const passedOver = (parts: readonly Part[]): string[] =>
  parts.flatMap(({ name, passedOver: newer }) =>
    newer === undefined ? [] : [`${name}@${newer.name} (${inWords(newer.creation)})`],
  )

export function leftOut({ unkept, unmounted }: Choice, id: string): string[] {
  return [
    ...(unkept.length === 0
      ? []
      : [
          `${id}: no policy takes snapshots of ${unkept.join(', ')}, so nothing is restored of ${unkept.length === 1 ? 'it' : 'them'}. By \`parts\` it is, from the newest that there is.`,
        ]),
    ...(unmounted.length === 0
      ? []
      : [
          `${id}: ${unmounted.join(', ')} ${unmounted.length === 1 ? 'is' : 'are'} not in its fstab, so nothing is restored of ${unmounted.length === 1 ? 'it' : 'them'}. By \`parts\` it is.`,
        ]),
  ]
}
