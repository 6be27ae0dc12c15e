/** Every imitated program by its name. A new one is a file beside this and a line here. */
import type { Imitation } from './machine.ts'

export const imitations: Record<string, Imitation> = {}
