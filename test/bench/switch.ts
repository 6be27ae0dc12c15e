/**
 * A switch's own time between stop and healthy, and what side by side is worth: measured in a sandbox host, by the modules'
 * own code, with files that are written and flushed, and commands that are started. Its commands are imitations, so what
 * they take says nothing of FreeBSD; what is left is ours.
 */
import { build } from 'esbuild'
import { root } from '../../build/paths.ts'
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts'
import type { Taken, Task } from './inside.ts'
import { type Spread, spread } from './run.ts'

export const OWN_GOAL_MILLISECONDS = 50
export const PARALLEL_GOAL = 0.3

/** More files than a year's update changes below etc. */
const FILES = 100
const SITE = { hosting_dataset: 'zroot/hosting', hosting_path: '/hosting' }
const WRITABLE = ['etc', 'usr/local/etc', 'var']
const BLUEPRINTS = ['old', 'new'] as const

export interface OwnTime {
  readonly files: number
  readonly turns: number
  readonly commands: number
  /** Milliseconds */
  readonly own: Spread
  readonly away: Spread
}

export interface SideBySide {
  readonly instances: number
  readonly parallel: number
  readonly startSeconds: number
  readonly sequentialSeconds: number
  readonly parallelSeconds: number
  readonly ratio: number
}

export async function measureOwnTime(turns: number): Promise<OwnTime> {
  const host = await hostWith(['web1'], 0)
  try {
    const health = { commands: [['/bin/sh', '-c', 'exit 0']], deadline: 20 }
    const ways = Array.from({ length: turns + 1 }, (_, turn) => BLUEPRINTS[(turn + 1) % 2] as string)
    const taken = await host.run(
      ways.map(blueprint => ({ module: 'blueprint_switch', options: { ...SITE, id: 'web1', blueprint, health } })),
    )
    // The first one warms up, and installs the program.
    const away = taken.slice(1).flatMap(one => one.away ?? [])
    if (away.length !== turns) throw new Error(`of ${turns} switches ${away.length} were measured`)
    return {
      files: FILES,
      turns,
      commands: away[0]?.commands ?? 0,
      own: spread(away.map(one => one.own)),
      away: spread(away.map(one => one.all)),
    }
  } finally {
    await host.stop()
  }
}

/** Instances whose services take two seconds to start, there one after the other, and back side by side. */
export async function measureSideBySide(instances: number, parallel: number, startSeconds = 2): Promise<SideBySide> {
  const ids = Array.from({ length: instances }, (_, number) => `web${number + 1}`)
  const host = await hostWith(ids, startSeconds)
  try {
    const seconds = async (blueprint: string, atOnce: number) => {
      const options = { ...SITE, instances: ids, blueprint, parallel: atOnce }
      return (await host.run([{ module: 'blueprint_switch', options }]))[0]?.seconds ?? Number.NaN
    }
    // Once there and back: nothing is installed or read for the first time.
    const one = { ...SITE, id: 'web1' }
    await host.run(
      (['new', 'old'] as const).map(blueprint => ({ module: 'blueprint_switch', options: { ...one, blueprint } })),
    )
    const sequentialSeconds = await seconds('new', 1)
    const parallelSeconds = await seconds('old', parallel)
    const ratio = parallelSeconds / sequentialSeconds
    return { instances, parallel, startSeconds, sequentialSeconds, parallelSeconds, ratio }
  } finally {
    await host.stop()
  }
}

interface BenchHost {
  run(tasks: readonly Task[]): Promise<Taken[]>
  stop(): Promise<void>
}

async function hostWith(ids: readonly string[], startSeconds: number): Promise<BenchHost> {
  const sandbox = await startSandbox({ name: 'switches' })
  try {
    await must(sandbox, `cat > /root/inside.mjs`, await bundled())
    const run = async (tasks: readonly Task[]) =>
      JSON.parse(await must(sandbox, 'node /root/inside.mjs', JSON.stringify(tasks))) as Taken[]
    await must(sandbox, preparation(ids, startSeconds))
    await run([
      ...BLUEPRINTS.map((name): Task => ({ module: 'blueprint_jail', options: blueprint(name) })),
      {
        module: 'instance_mounts',
        options: { ...SITE, instances: ids, blueprint: 'old', writable: WRITABLE, overlays: ['etc/rc.d'] },
      },
      ...ids.map((id): Task => ({ module: 'instance_jail', options: { ...SITE, host: 'bench', id, boot: false } })),
    ])
    // What both sides changed is merged, in each of them.
    const own = `${lines(400, 5)}own = yes\n`
    for (const id of ids) await must(sandbox, `cat > /hosting/instances/${id}/root/usr/local/etc/merged.conf`, own)
    return { run, stop: () => sandbox.stop() }
  } catch (error) {
    await sandbox.stop()
    throw error
  }
}

async function must(sandbox: Sandbox, command: string, input?: string): Promise<string> {
  const { exit, stdout, stderr } = await sandbox.run(command, input)
  if (exit !== 0) throw new Error(`'${command.slice(0, 200)}' ended with ${exit}: ${stderr}${stdout}`)
  return stdout
}

async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${root}/test/bench/inside.ts`],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

const preparation = (ids: readonly string[], startSeconds: number) => `
  set -e
  zfs create -o mountpoint=/hosting zroot/hosting
  zfs create zroot/hosting/blueprints
  zfs create zroot/hosting/instances
  chmod 700 /hosting/instances
  for id in ${ids.join(' ')}; do
    zfs create zroot/hosting/instances/$id
    chmod 700 /hosting/instances/$id
    for part in etc usr-local-etc var; do zfs create -o mountpoint=legacy zroot/hosting/instances/$id/$part; done
  done
  mkdir -p /var/tmp/dist/tree && cd /var/tmp/dist/tree
  mkdir -p etc/rc.d etc/defaults bin dev tmp var/run var/log usr/bin usr/local/etc/rc.d && chmod 1777 tmp
  echo '${startSeconds > 0 ? `sleep ${startSeconds}; ` : ''}sleep 3600 &' > etc/rc
  echo : > etc/rc.shutdown
  echo cron > etc/rc.d/cron
  cd .. && tar -cJf base.txz -C tree .
  printf 'base.txz\\t%s\\t9\\tbase\\t"Base"\\ton\\n' $(sha256 -q base.txz) > MANIFEST
`

const blueprint = (name: string) => ({
  ...SITE,
  name,
  release: '14.2-RELEASE',
  base: { file: '/var/tmp/dist/base.txz' },
  files: [
    { path: 'usr/local/etc/merged.conf', content: `workers = ${name}\n${lines(400, 0)}` },
    ...Array.from({ length: FILES }, (_, file) => ({
      path: `usr/local/etc/file${file}.conf`,
      content: `setting ${file} of ${name}\n`.repeat(50),
    })),
  ],
})

const lines = (count: number, changed: number) =>
  Array.from({ length: count }, (_, at) => `line ${at === changed - 1 ? 'own' : at}\n`).join('')
