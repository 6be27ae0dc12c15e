/** err(3) and errx(3) of ifconfig. */
import { Exit, type Screen } from '../screen.ts'

export function die(screen: Screen, why: string): never {
  screen.err(`ifconfig: ${why}\n`)
  throw new Exit(1)
}
