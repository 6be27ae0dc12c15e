/**
 * Runs in a sandbox host: tasks with our modules, in one process. Of a switch it tells how long the instance was away, and
 * how much of that was ours: all the time in which no command ran. A command counts from its fork until it has ended; what
 * leads there, and hearing what it said, is ours.
 */

import type { ChildProcess } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import blueprintJail from '../../modules/blueprint_jail.ts'
import blueprintSwitch from '../../modules/blueprint_switch.ts'
import { apply, converge } from '../../modules/core/converge.ts'
import type { Host } from '../../modules/core/host.ts'
import { localHost } from '../../modules/core/local-host.ts'
import instanceJail from '../../modules/instance_jail.ts'
import instanceMounts from '../../modules/instance_mounts.ts'

const MODULES = {
  blueprint_jail: blueprintJail,
  blueprint_switch: blueprintSwitch,
  instance_jail: instanceJail,
  instance_mounts: instanceMounts,
}

export interface Task {
  readonly module: keyof typeof MODULES
  readonly options: object
}

export interface Taken {
  readonly seconds: number
  /** Of a switch of one instance with a health check: from its stop until that has succeeded, in milliseconds. */
  readonly away?: { readonly all: number; readonly own: number; readonly commands: number }
}

const commands: { began: number; ended: number }[] = []
subscribe('child_process', message => {
  const child = (message as { process: ChildProcess }).process
  const command = { began: performance.now(), ended: Number.POSITIVE_INFINITY }
  commands.push(command)
  child.once('exit', () => {
    command.ended = performance.now()
  })
})

/** From the stop to the first answer to a health check. */
const away = { began: 0, ended: 0 }

function watched(host: Host): Host {
  return {
    ...host,
    async query(command, options) {
      const answer = await host.query(command, options)
      if (command[0] === 'jexec' && command[2] !== 'tar' && away.ended === 0) away.ended = performance.now()
      return answer
    },
    async perform(step) {
      if (step.role === 'stop' && away.began === 0) away.began = performance.now()
      await host.perform(step)
    },
  }
}

/** Commands can run side by side, as the two ends of a pipe do. */
function ownTime(): NonNullable<Taken['away']> {
  const all = commands
    .map(({ began, ended }) => ({ from: Math.max(began, away.began), to: Math.min(ended, away.ended) }))
    .filter(({ from, to }) => from < to)
    .sort((one, other) => one.from - other.from)
  let [covered, until] = [0, 0]
  for (const { from, to } of all) {
    covered += Math.max(0, to - Math.max(from, until))
    until = Math.max(until, to)
  }
  const whole = away.ended - away.began
  return { all: whole, own: whole - covered, commands: all.length }
}

const circumstances = { now: () => new Date(), holder: 'the benchmark' }
const taken: Taken[] = []
for (const { module, options } of JSON.parse(readFileSync(0, 'utf8')) as Task[]) {
  Object.assign(away, { began: 0, ended: 0 })
  const began = performance.now()
  await converge(MODULES[module], options, watched(localHost()), apply, circumstances)
  const seconds = (performance.now() - began) / 1000
  taken.push(away.began > 0 && away.ended > 0 ? { seconds, away: ownTime() } : { seconds })
}
console.log(JSON.stringify(taken))
