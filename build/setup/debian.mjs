/** The system packages that sandbox hosts need, and those that tests put beside them: files of programs and what brings each. */
import { existsSync, readFileSync } from 'node:fs'
import { Stopped, step } from './say.mjs'

export const needHostPackages = () => need('debian-packages.json', 'sandbox hosts')

export const needTestPackages = () => need('debian-test-packages.json', 'tests')

async function need(file, purpose) {
  const needed = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
  const programs = Object.keys(needed).filter(path => !existsSync(path))
  if (programs.length === 0) return
  const packages = [...new Set(programs.map(path => needed[path]))].join(' ')
  const install = `apt-get install -y --no-install-recommends ${packages}`

  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version'))
    throw new Stopped(
      `${purpose[0].toUpperCase()}${purpose.slice(1)} need ${programs.join(', ')}, which this machine lacks. On Debian or Ubuntu, run\n\n    sudo ${install}\n\nElsewhere, install what brings them. Then run this again.`,
    )
  await step(
    `installing ${packages} with apt-get, which ${purpose} need (about 30 s)`,
    ['sh', '-c', `apt-get update -qq; ${install}`],
    'It needs the packages of this Debian release. Install them by hand and run this again.',
    // RUNLEVEL=1: a package must not start its service on the machine itself.
    { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  )
}
