/** chroot(8), into a blueprint that is being built and nowhere else: what is in it is ours (fact host-2). */
import type { Command, RunStep } from '../core/step.ts'

const COMMAND_SECONDS = 3600

export const runInBlueprint = (root: string, command: readonly string[]): RunStep => {
  const words: Command = ['chroot', root, ...command]
  return { kind: 'run', command: words, timeoutSeconds: COMMAND_SECONDS }
}
