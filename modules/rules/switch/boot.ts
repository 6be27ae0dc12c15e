/**
 * What sees to a switch that was cut off by a loss of power, before jails start: the program `switch`, and an rc.d script
 * that runs it. Fact live-16: cron would be too late.
 */
import type { PathStatus, Probe } from '../../core/host.ts'
import type { Step } from '../../core/step.ts'
import { changeMode, makeDirectories } from '../../freebsd/directories.ts'
import { programPath, type Site } from '../layout.ts'
import { installation, lookAtProgram, type SeenProgram } from '../program/install.ts'

export const PROGRAM = 'switch'
export const RC_SCRIPT = '/usr/local/etc/rc.d/bluejail_switch'
const MODE = 0o555

/** rc.subr(8) and rcorder(8). */
const scriptFor = ({ dataset, path }: Site) => `#!/bin/sh
# Written by blueprint_switch of bluejail: what is changed here is lost.

# PROVIDE: bluejail_switch
# REQUIRE: zfs
# BEFORE: jail

. /etc/rc.subr

name="bluejail_switch"
desc="bring switches of instances that were cut off to where they can start"
rcvar="bluejail_switch_enable"
start_cmd="bluejail_switch_start"
stop_cmd=":"

bluejail_switch_start()
{
	${programPath(PROGRAM)} resume --dataset=${dataset} --path=${path}
}

load_rc_config $name
: \${bluejail_switch_enable:="YES"}

run_rc_command "$1"
`

export interface SeenBoot {
  readonly program: SeenProgram
  readonly folders: readonly string[]
  readonly script: string | undefined
  readonly status: PathStatus | undefined
}

export async function lookAtBoot(machine: Probe): Promise<SeenBoot> {
  const folder = RC_SCRIPT.slice(0, RC_SCRIPT.lastIndexOf('/'))
  const [program, script, status, there] = await Promise.all([
    lookAtProgram(PROGRAM, machine),
    machine.read(RC_SCRIPT),
    machine.status(RC_SCRIPT),
    machine.status(folder),
  ])
  return { program, script, status, folders: there === undefined ? [folder] : [] }
}

/** No steps where all is there as it should be. */
export function bootSteps({ program, script, status, folders }: SeenBoot, site: Site): Step[] {
  const wanted = scriptFor(site)
  return [
    ...installation(program),
    ...(folders.length === 0 ? [] : [makeDirectories(folders)]),
    ...(script === wanted ? [] : [{ kind: 'write' as const, path: RC_SCRIPT, content: wanted, mode: MODE }]),
    ...(status !== undefined && status.mode !== MODE ? [changeMode(RC_SCRIPT, MODE)] : []),
  ]
}
