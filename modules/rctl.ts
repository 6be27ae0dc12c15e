/** Limits of jails, in the running kernel and after a reboot. */
import type { Probe } from './core/host.ts'
import { defineModule } from './core/module.ts'
import { choice, flag, integer, listOf, mapping, optional, record, scalar, text, withDefault } from './core/options.ts'
import { readCpus } from './freebsd/cpuset.ts'
import { readLoaderFiles } from './freebsd/loader-conf.ts'
import { type Kernel, readRules, readUse } from './freebsd/rctl.ts'
import { readBootFile } from './freebsd/rctl-conf.ts'
import { RESOURCES } from './freebsd/rctl-resources.ts'
import { readSysctls } from './freebsd/sysctl.ts'
import { INSTANCE_CONFS } from './rules/layout.ts'
import type { CpusSeen } from './rules/limit/cpus.ts'
import { planLimits } from './rules/limit/plan.ts'
import { type Request, requestsOf, type TaskOptions } from './rules/limit/requests.ts'

const options = {
  limits: optional(
    mapping(
      listOf(scalar('An amount.'), 'An amount, or several.'),
      'Amounts by resource, or by `RESOURCE:ACTION`, like `memoryuse: 2G` or `memoryuse:sigterm: 2200M`. These are all limits that the jail has; with `{}` it has none, and left out, its limits are left as they are. `/user`, `/process` or `/loginclass` behind an amount counts it for each of these, like `50/user`. Null takes away what stands beside the list.',
    ),
  ),
  keep_others: optional(flag('Limits of other resources and actions than the task names stay. Default: false.')),
  cpus: optional(
    text(
      'The CPUs that the jail may use, like `0-3` or `0,2`, or `all`. It holds while the jail runs; for an instance, the option `cpus` of M(bluejail.hosting.instance_jail) sees to it from every start on.',
    ),
  ),
}

export default defineModule({
  name: 'rctl',
  summary: 'These limits hold for jails, now and after a reboot; what they use is told',
  description: [
    `Rules of rctl(8) in the running kernel and in /etc/rctl.conf. Resources are ${Object.keys(RESOURCES).join(', ')}. Sizes may have units (\`512M\`, \`1.5G\`), times too (\`90min\`, \`12h\`, \`2d\`).`,
    'Actions are `deny`, `throttle` (of readbps, writebps, readiops and writeiops), `log`, `devctl` and signals like `sigterm`. The usual one is `deny`, or `throttle` for what can only be throttled; `cputime` and `wallclock` need one to be named.',
    'A limit is changed without a moment in which there is none: what is new is added before what was is removed. Rules of other jails, of users and login classes, and comments in the file stay where they are.',
    'A jail need not run, or exist: limits belong to its name.',
  ],
  notes: [
    'Needs `kern.racct.enable=1` in /boot/loader.conf, and a reboot after that; `allow_later` tells what to do before it.',
    '`memoryuse:deny` denies nothing: what is too much is moved to swap, so that a growing Java heap makes the host slow. `swapuse` lets an allocation fail; `memoryuse:sigterm` and `memoryuse:sigkill` end the process.',
    'rctl runs once for all jails, and once more for what they use; cpuset runs for each jail whose `cpus` are given.',
  ],
  options: {
    jail: optional(text('The name of a jail, which is the id of an instance. Give this or `jails`.')),
    jails: optional(
      listOf(
        record({ jail: text('The name of a jail.'), ...options }, 'A jail.', 'jail'),
        'Several jails, each with options of its own. What stands beside the list holds for each that does not say otherwise; `limits` are put together.',
      ),
    ),
    ...options,
    allow_later: withDefault(
      flag(
        'Where the kernel keeps no limits before a reboot (`kern.racct.enable` is 0), write them down for it and warn, instead of refusing. Default: false.',
      ),
      false,
    ),
    use: withDefault(
      choice(
        ['limited', 'all', 'none'],
        'Of which resources to tell what is used: of those with a limit, of all, or of none.',
      ),
      'limited',
    ),
  },
  state: {
    jails: mapping(
      record(
        {
          limits: listOf(text('A rule without its jail.'), 'What the kernel limits.'),
          at_boot: listOf(text('A rule without its jail.'), 'What it will limit after a reboot.'),
          use: optional(
            mapping(integer('Bytes, seconds, percents or a number.'), 'What the jail used when it was looked at.'),
          ),
          cpus: optional(text('The CPUs it may use, like `0-3`, where the task speaks of them and the jail runs.')),
        },
        'A jail.',
      ),
      'The jails of the task, by name.',
    ),
  },
  examples: {
    'Memory, processes and disk traffic of an instance': {
      jail: 'web1',
      limits: { swapuse: '2G', maxproc: 400, openfiles: 20_000, readbps: '50M', writebps: '20M' },
    },
    'For a Java server: a warning first, then an end': {
      jail: 'java1',
      limits: { 'memoryuse:log': '3.5G', 'memoryuse:sigterm': '4G', 'memoryuse:sigkill': '4.5G', swapuse: '4G' },
      cpus: '0-1',
    },
    'The same for many, with more for one': {
      limits: { maxproc: [400, '200/user'], pcpu: 200, swapuse: '2G' },
      jails: ['web1', 'web2', { jail: 'db1', limits: { swapuse: '16G', pcpu: null } }],
    },
    'One more limit beside others': { jail: 'web1', limits: { 'cputime:log': '12h' }, keep_others: true },
    'No limits': { jail: 'web1', limits: {} },
    'What it uses of everything': { jail: 'web1', use: 'all' },
  },

  async observe(asked, machine) {
    const requests = requestsOf(asked)
    const [kernel, file, loader, ...cpus] = await Promise.all([
      readRules(machine),
      readBootFile(machine),
      readLoaderFiles(machine),
      ...requests.flatMap(request => (request.cpus === undefined ? [] : [lookAtCpus(request.jail, machine)])),
    ])
    return {
      kernel,
      file,
      use: await readUse(machine, tellsUse(requests, asked.use, kernel)),
      cpus: new Map(cpus),
      cpuCount: cpus.length === 0 ? 0 : Number((await readSysctls(machine, ['hw.ncpu'])).get('hw.ncpu')),
      isPrepared: loader.get('kern.racct.enable') === '1',
    }
  },

  plan: (asked, seen) => planLimits(requestsOf(asked), { amount: asked.use, allowsLater: asked.allow_later }, seen),
})

async function lookAtCpus(jail: string, machine: Probe): Promise<[string, CpusSeen]> {
  const configuration = await machine.read(`${INSTANCE_CONFS}/${jail}.conf`)
  return [jail, { current: await readCpus(machine, jail), configuration }]
}

/** The jails of whose use something is told. */
function tellsUse(requests: readonly Request[], amount: TaskOptions['use'], kernel: Kernel): string[] {
  if (amount === 'none' || 'without' in kernel) return []
  const limited = new Set(kernel.rules.map(({ jail }) => jail))
  const isTold = ({ jail, limits }: Request) => amount === 'all' || limited.has(jail) || (limits?.size ?? 0) > 0
  return requests.filter(isTold).map(({ jail }) => jail)
}
