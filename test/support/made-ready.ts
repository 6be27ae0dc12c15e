/** Before tests with hosts: the build, the Python environments and the system packages are there, as `npm test` has them. */
import { execFileSync } from 'node:child_process'
import { root } from '../../build/paths.ts'

export default function makeReady(): void {
  execFileSync(process.execPath, ['build/setup.mjs', 'ready', 'test'], { cwd: root, stdio: 'inherit' })
}
