/** The system packages that sandbox hosts need: debian-packages.json has programs and what brings each. */
import { existsSync, readFileSync } from 'node:fs'
import { Stopped, step } from './say.mjs'

const NEEDED = JSON.parse(readFileSync(new URL('debian-packages.json', import.meta.url), 'utf8'))

export async function needHostPackages() {
  const programs = Object.keys(NEEDED).filter(path => !existsSync(path))
  if (programs.length === 0) return
  const packages = [...new Set(programs.map(path => NEEDED[path]))].join(' ')
  const install = `apt-get install -y --no-install-recommends ${packages}`

  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version'))
    throw new Stopped(
      `Sandbox hosts need ${programs.join(', ')}, which this machine lacks. On Debian or Ubuntu, run\n\n    sudo ${install}\n\nElsewhere, install what brings them. Then run this again.`,
    )
  await step(
    `installing ${packages} with apt-get, which sandbox hosts need (about 30 s)`,
    ['sh', '-c', `apt-get update -qq; ${install}`],
    'It needs the packages of this Debian release. Install them by hand and run this again.',
    // RUNLEVEL=1: a package must not start its service on the machine itself.
    { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  )
}
