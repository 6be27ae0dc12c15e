/** Progress where there is no terminal: a dot a step, and a title again after a message came between (src/event.c). */
import type { Screen } from '../screen.ts'

const MOST_DOTS = 10

export const dots = (steps: number) => '.'.repeat(Math.max(1, Math.min(steps, MOST_DOTS)))

/** A whole pass with nothing in between. */
export const done = (screen: Screen, title: string, steps = 1) => screen.out(`${title}: ${dots(steps)} done\n`)
