/** A host in memory with instances that run, and a second blueprint to switch them to. */

import blueprintSwitch from '../../modules/blueprint_switch.ts'
import { apply, check, converge, type Report } from '../../modules/core/converge.ts'
import { describeStep, type Step } from '../../modules/core/step.ts'
import { listTree } from '../../modules/freebsd/mtree.ts'
import { digestOf, renderListing } from '../../modules/rules/blueprint/manifest.ts'
import type { State } from '../../modules/rules/switch/states.ts'
import type { FakeHost } from './fake-freebsd.ts'
import { addBlueprint, BLUEPRINT } from './instance-host.ts'
import { converged, jailHost, ON_BRIDGE, RC } from './jail-host.ts'

export { BLUEPRINT }
export const NEXT = '2027Q1-php84'
/** What web1 runs on before a switch, and after it. */
export const [OLD, NEW] = [`${BLUEPRINT}@1`, `${NEXT}@1`]
export const TO = { id: 'web1', blueprint: NEXT }
export const BACK = { id: 'web1', state: 'rolled_back' }
export const RESUMED = { id: 'web1', state: 'resumed' }
/** Where web1's files are while it runs. */
export const ROOT = '/hosting/instances/web1/root'

const PACKAGES = {
  [BLUEPRINT]: [
    { name: 'nginx', version: '1.28.0,3' },
    { name: 'php83', version: '8.3.12' },
    { name: 'pcre2', version: '10.42' },
  ],
  [NEXT]: [
    { name: 'nginx', version: '1.29.1,3' },
    { name: 'php84', version: '8.4.1' },
    { name: 'pcre2', version: '10.42' },
  ],
}

/** Files of both, where they differ. */
const FILES: Record<string, Record<string, string | undefined>> = {
  'etc/motd.template': { [BLUEPRINT]: 'Welcome\n', [NEXT]: 'Welcome, again\n' },
  'etc/old.conf': { [BLUEPRINT]: 'gone soon\n' },
  'usr/local/etc/nginx.conf': {
    [BLUEPRINT]: 'workers 1;\n\n\nlisten 80;\n\n\nlog on;\n',
    [NEXT]: 'workers auto;\n\n\nlisten 80;\n\n\nlog on;\n',
  },
  'usr/local/etc/php.ini': { [BLUEPRINT]: 'memory = 128\n', [NEXT]: 'memory = 256\n' },
  'usr/local/etc/fpm/www.conf': { [NEXT]: 'pool\n' },
  'usr/local/etc/rc.d/php_fpm': { [BLUEPRINT]: '#!/bin/sh\n' },
}

/** As blueprint_jail would have sealed it. */
export async function seal(host: FakeHost, name: string, release = '14.2-RELEASE'): Promise<void> {
  const root = `/hosting/blueprints/${name}`
  const dataset = `zroot/hosting/blueprints/${name}`
  const listing = renderListing(await listTree(host, root))
  host.tree.write(`${root}/.blueprint.mtree`, listing)
  host.tree.write(
    `${root}/.blueprint.json`,
    JSON.stringify({
      format: 1,
      name,
      release,
      architecture: 'amd64',
      packages: PACKAGES[name as keyof typeof PACKAGES] ?? [],
      revision: 1,
      requested: [],
      files: {},
      commands: [],
      revisions: [],
      digest: digestOf(listing),
    }),
  )
  host.outside('zfs', 'set', 'readonly=on', 'bluejail:stage=complete', dataset)
  host.outside('zfs', 'snapshot', `${dataset}@complete`)
}

/** Makes a blueprint writable again, as it was before it was sealed. */
export function unseal(host: FakeHost, name: string): void {
  const dataset = `zroot/hosting/blueprints/${name}`
  host.outside('zfs', 'destroy', `${dataset}@complete`)
  host.outside('zfs', 'set', 'readonly=off', dataset)
}

export async function fill(host: FakeHost, name: string): Promise<void> {
  unseal(host, name)
  const root = `/hosting/blueprints/${name}`
  for (const script of ['rc', 'rc.shutdown']) host.tree.write(`${root}/etc/${script}`, RC)
  for (const [path, texts] of Object.entries(FILES)) {
    host.tree.mkdir(`${root}/${path.slice(0, path.lastIndexOf('/'))}`)
    if (texts[name] !== undefined) host.tree.write(`${root}/${path}`, texts[name])
  }
  if (name === NEXT) host.tree.mkdir(`${root}/var/log/nginx`)
  await seal(host, name)
}

/** web1 has an address; what each has of its own is up to the test. */
export async function switchHost(
  ids: readonly string[] = ['web1'],
  running: readonly string[] = ids,
): Promise<FakeHost> {
  const host = await jailHost({ ids, prepare: host => fill(host, BLUEPRINT) })
  addBlueprint(host, NEXT)
  await fill(host, NEXT)
  for (const id of running) await converged(host, { id, ...(id === 'web1' ? ON_BRIDGE : {}) })
  return untouched(host)
}

export function untouched(host: FakeHost): FakeHost {
  ;(host.performed as Step[]).length = 0
  ;(host.queried as unknown[]).length = 0
  for (const program of Object.keys(host.machine.counts)) delete host.machine.counts[program]
  return host
}

/** Time goes on by a tenth of a second each time somebody looks at the clock. */
export function clock(start = '2026-11-22T12:00:00Z', milliseconds = 100): () => Date {
  let now = Date.parse(start)
  return () => {
    now += milliseconds
    return new Date(now)
  }
}

export type Told = Omit<Report, 'state'> & { readonly state: State }

const run =
  (conduct: typeof apply) =>
  (host: FakeHost, options: object, now = clock()) =>
    converge(blueprintSwitch, options, host, conduct, { now, holder: 'a test' }) as unknown as Promise<Told>

export const switched = run(apply)
export const foretold = run(check)

/** The failure, with how all is in its report. */
export const failing = (host: FakeHost, options: object, now = clock()): Promise<Error & { report?: Told }> =>
  switched(host, options, now).then(
    report => Promise.reject(new Error(`it did not fail: ${JSON.stringify(report.state)}`)),
    error => error,
  )

/** A file of an instance, whether it runs or not. */
export function fileOf(host: FakeHost, id: string, path: string): string | undefined {
  const root = `/hosting/instances/${id}/root`
  return host.tree.read(`${root}/${path}`)
}

/** What it runs on by the mount table. */
export function runsOn(host: FakeHost, id: string): string | undefined {
  const { mounted } = JSON.parse(host.outside('mount', '--libxo', 'json').stdout).mount as {
    mounted: { node: string; special: string }[]
  }
  return mounted
    .find(({ node }) => node === `/hosting/instances/${id}/root`)
    ?.special.split('/')
    .at(-1)
}

/** What each example of blueprint_switch takes for granted. */
export async function hostForSwitch(title: string): Promise<FakeHost> {
  const host = await switchHost(['web1', 'web2'])
  host.servers.set('10.66.0.11:80', () => ({}))
  host.servers.set('http://10.66.0.11:80/health', () => ({ status: 200, text: 'ok\n' }))
  host.tree.write('/hosting/instances/web1/root/etc/rc.conf', 'hostname="web1"\nnginx_enable="YES"\n')
  if (title.startsWith('Back')) await switched(host, { id: 'web1', blueprint: NEXT })
  return untouched(host)
}

/** As Node says it. */
export const noSpace = () =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28, syscall: 'write' })

/** No more than this, or it goes round in circles. */
const MOST_STEPS = 150

/** From the first step on that is due, those that are refused fail. */
export function refusing(
  host: FakeHost,
  isDue: (step: Step) => boolean,
  isRefused: (step: Step) => boolean = isDue,
  problem: () => Error = noSpace,
): FakeHost & { readonly tried: readonly string[] } {
  const tried: string[] = []
  let isOn = false
  return {
    ...host,
    tried,
    async perform(step: Step) {
      tried.push(describeStep(step))
      if (tried.length > MOST_STEPS) throw new TypeError(`it goes round in circles: ${tried.slice(-6).join('; ')}`)
      isOn ||= isDue(step)
      if (isOn && isRefused(step)) throw problem()
      await host.perform(step)
    },
  }
}
