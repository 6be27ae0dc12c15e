/** logger(1): a line in the host's log. */
import { run } from '../core/step.ts'

export const logLine = (line: string) => run('logger', '-t', 'bluejail', line)
