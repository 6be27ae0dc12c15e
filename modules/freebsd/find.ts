/** find(1), to let go of what is old. */
import { run } from '../core/step.ts'

/** Files and links below a directory that exists, by the time of their last change; directories stay. */
export const removeOlderThan = (directory: string, days: number) =>
  run('find', directory, '!', '-type', 'd', '-mtime', `+${days}`, '-delete')
