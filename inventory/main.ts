/** What `instances.cjs` runs. */
import { answer } from './program.ts'

const [, path = '', ...args] = process.argv
answer({ args, path, environment: process.env }).then(({ exit, stdout, stderr }) => {
  process.exitCode = exit
  process.stdout.write(stdout)
  process.stderr.write(stderr)
})
