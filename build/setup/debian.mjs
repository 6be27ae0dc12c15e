/** The system packages that sandbox hosts need, each recognized by a program it brings: debian-packages.json. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Stopped, step } from './say.mjs'

const PROGRAMS = JSON.parse(readFileSync(new URL('debian-packages.json', import.meta.url), 'utf8'))

export async function needHostPackages() {
  const missing = Object.keys(PROGRAMS).filter(name => !isOnPath(PROGRAMS[name]))
  if (missing.length === 0) return
  const install = `apt-get install -y --no-install-recommends ${missing.join(' ')}`

  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version'))
    throw new Stopped(
      `Sandbox hosts need ${missing.map(name => `'${PROGRAMS[name]}'`).join(' and ')}, which this machine lacks. On Debian or Ubuntu:\n\n    sudo ${install}\n\nElsewhere, install what brings them, then run this again.`,
    )
  await step(
    `installing ${missing.join(', ')} with apt-get, for sandbox hosts (about 30 s)`,
    ['sh', '-c', `apt-get update -qq; ${install}`],
    'It needs the packages of this Debian release. Install them by hand and run this again.',
    // RUNLEVEL=1: a package must not start its service on the machine itself.
    { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  )
}

function isOnPath(program) {
  const directories = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin']
  return directories.some(directory => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
