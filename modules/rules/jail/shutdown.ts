/**
 * How instances are stopped when the host goes down: side by side, before rc.d/jail would stop one after the other, where
 * the first that hangs takes the time of all (fact live-15). rc.shutdown(8) runs scripts in the opposite order of a boot.
 */
import type { Probe } from '../../core/host.ts'
import type { Step } from '../../core/step.ts'
import { INSTANCE_CONFS } from '../layout.ts'
import { keepFile, lookAtFile, type SeenFile } from '../program/file.ts'
import { AFTER, HEADER_START } from './config.ts'

const SCRIPT = '/usr/local/etc/rc.d/bluejail_stop'
const MODE = 0o555

/** rc.subr(8) and rcorder(8); nothing of a customer's is read. */
const TEXT = `#!/bin/sh
# Written by instance_jail of bluejail: what is changed here is lost.

# PROVIDE: bluejail_stop
# REQUIRE: jail
# KEYWORD: nostart shutdown

# bluejail_stop_timeout (300): the seconds that all instances have together. Those that others come after wait for them,
# for half of it at most. What runs when it is over is removed with its processes, so that nobody takes the others' time.

. /etc/rc.subr

name="bluejail_stop"
desc="stop all instances side by side"
rcvar="bluejail_stop_enable"
start_cmd=":"
stop_cmd="bluejail_stop_stop"

bluejail_stop_runs()
{
	jls -j "$1" name > /dev/null 2>&1
}

# Instances that run, by their files.
bluejail_stop_running()
{
	local conf first id
	for conf in ${INSTANCE_CONFS}/*.conf; do
		[ -r "$conf" ] && read -r first < "$conf" || continue
		id=\${conf##*/}
		id=\${id%.conf}
		case $first in
		"${HEADER_START}"*) ! bluejail_stop_runs "$id" || echo "$id" ;;
		esac
	done
}

# Those that come after $1.
bluejail_stop_followers()
{
	grep -El "^${AFTER}(.* )?$1( |\\$)" ${INSTANCE_CONFS}/*.conf | sed 's,.*/,,; s,\\.conf$,,'
}

# $1, for whose followers there is time until $2, and for itself until $3.
bluejail_stop_one()
{
	local follower left
	for follower in $(bluejail_stop_followers "$1"); do
		while [ "$(date +%s)" -lt "$2" ] && bluejail_stop_runs "$follower"; do
			sleep 1
		done
	done
	left=$(($3 - $(date +%s)))
	[ "$left" -gt 0 ] || left=1
	timeout -k 5 "$left" jail -q -f "${INSTANCE_CONFS}/$1.conf" -r "$1"
	bluejail_stop_runs "$1" || return 0
	warn "$1 did not stop, and is removed with its processes."
	jail -q -R "$1"
}

bluejail_stop_stop()
{
	local id ids now pids
	ids=$(bluejail_stop_running)
	[ -n "$ids" ] || return 0
	now=$(date +%s)
	pids=""
	for id in $ids; do
		bluejail_stop_one "$id" $((now + bluejail_stop_timeout / 2)) $((now + bluejail_stop_timeout)) &
		pids="$pids $!"
	done
	echo "Stopping instances:" $ids
	wait $pids
}

load_rc_config $name
: \${bluejail_stop_enable:="YES"}
: \${bluejail_stop_timeout:="300"}

run_rc_command "$1"
`

export const lookAtShutdown = (machine: Probe): Promise<SeenFile> => lookAtFile(SCRIPT, machine)

/** No steps where it is there as it should be. */
export const shutdownSteps = (seen: SeenFile): Step[] => keepFile(SCRIPT, seen, TEXT, MODE)
