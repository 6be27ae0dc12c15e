/**
 * A switch's own time between stop and healthy, and what side by side is worth. On a host in memory: what commands take is
 * taken off, or is as long as services are made to take; what is left is ours.
 */
import { describeStep, type Step } from '../../modules/core/step.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { NEXT, seal, switched, switchHost, unseal } from '../support/switch-host.ts'

export const OWN_GOAL_MILLISECONDS = 50
export const PARALLEL_GOAL = 0.3

/** More files than a year's update changes below etc. */
const FILES = 100

export interface OwnTime {
  readonly files: number
  readonly turns: number
  /** Median, and 10th to 90th percentile, in milliseconds. */
  readonly median: number
  readonly low: number
  readonly high: number
}

export async function measureOwnTime(turns: number): Promise<OwnTime> {
  const times: number[] = []
  // The first one warms up.
  for (let turn = 0; turn <= turns; turn++) times.push(await ownTime(await hostWithFiles()))
  const sorted = times.slice(1).sort((a, b) => a - b)
  const at = (part: number) => sorted[Math.round((sorted.length - 1) * part)] ?? 0
  return { files: FILES, turns, median: at(0.5), low: at(0.1), high: at(0.9) }
}

async function hostWithFiles(): Promise<FakeHost> {
  const host = await switchHost()
  const root = `/hosting/blueprints/${NEXT}`
  unseal(host, NEXT)
  for (let file = 0; file < FILES; file++)
    host.tree.write(`${root}/usr/local/etc/file${file}.conf`, `setting ${file}\n`.repeat(50))
  await seal(host, NEXT)
  const lines = (from: number) => Array.from({ length: 400 }, (_, at) => `line ${at === 5 ? from : at}\n`).join('')
  host.tree.write(
    '/hosting/instances/web1/root/usr/local/etc/nginx.conf',
    `workers 1;\n\n\nlisten 80;\n\n\nlog off;\n${lines(0)}`,
  )
  return host
}

async function ownTime(real: FakeHost): Promise<number> {
  let [began, ended, others] = [0, 0, 0]
  const timed = async <T>(act: () => Promise<T>): Promise<T> => {
    const start = performance.now()
    try {
      return await act()
    } finally {
      if (began !== 0 && ended === 0) others += performance.now() - start
    }
  }
  const host: FakeHost = {
    ...real,
    async query(command, options) {
      const answer = await timed(() => real.query(command, options))
      if (began !== 0 && ended === 0 && command[0] === 'jexec') ended = performance.now()
      return answer
    },
    async perform(step: Step) {
      if (began === 0 && / -r web1$/.test(describeStep(step))) began = performance.now()
      if (step.kind === 'run' || step.kind === 'pipe') await timed(() => real.perform(step))
      else await real.perform(step)
    },
  }
  await switched(host, { id: 'web1', blueprint: NEXT, health: { commands: [['true']] } })
  return ended - began - others
}

export interface SideBySide {
  readonly instances: number
  readonly parallel: number
  readonly startSeconds: number
  readonly sequentialSeconds: number
  readonly parallelSeconds: number
  readonly ratio: number
}

/** Instances whose services take two seconds to start; the imitations of commands take their time too, all in one process. */
export async function measureSideBySide(instances: number, parallel: number, startSeconds = 2): Promise<SideBySide> {
  const seconds = async (atOnce: number) => {
    const ids = Array.from({ length: instances }, (_, number) => `web${number + 1}`)
    const real = await switchHost(ids)
    const host: FakeHost = {
      ...real,
      async perform(step: Step) {
        if (/^jail -f .* -c /.test(describeStep(step)))
          await new Promise(resolve => setTimeout(resolve, startSeconds * 1000))
        await real.perform(step)
      },
    }
    const start = performance.now()
    await switched(host, { instances: ids, blueprint: NEXT, parallel: atOnce })
    return (performance.now() - start) / 1000
  }
  const sequentialSeconds = await seconds(1)
  const parallelSeconds = await seconds(parallel)
  return {
    instances,
    parallel,
    startSeconds,
    sequentialSeconds,
    parallelSeconds,
    ratio: parallelSeconds / sequentialSeconds,
  }
}
