/** A host's own settings: these values, now and after a reboot. */
import type { Probe } from './core/host.ts'
import { defineModule } from './core/module.ts'
import { flag, listOf, mapping, optional, scalar, text } from './core/options.ts'
import { readKenv } from './freebsd/kenv.ts'
import { listLoaded } from './freebsd/kld.ts'
import { isTunable } from './freebsd/loader-conf.ts'
import { listSysctls, listWritable, readSysctls } from './freebsd/sysctl.ts'
import { lookAtFile } from './rules/program/file.ts'
import { DAILY_SCRIPT, PERCENT_VARIABLE, USUAL_PERCENT } from './rules/settings/daily.ts'
import type { Shelf } from './rules/settings/files.ts'
import { readConfFile } from './rules/settings/look.ts'
import { openSysctls, planSettings, SERVICE_FOLDER } from './rules/settings/plan.ts'
import { type Request, requestsOf } from './rules/settings/requests.ts'

const value = scalar('A value. Null takes the name out. In these files, true and false are written YES and NO.')
const number = scalar('A value. Null takes the name out. True and false are written 1 and 0.')
const words = listOf(text('A word.'), 'Words.')
const settings = (about: string) => mapping(text('A value.'), about)

export default defineModule({
  name: 'host_settings',
  summary: "A host's own settings are these, now and after a reboot",
  description: [
    'Values in rc.conf(5), loader.conf(5), sysctl.conf(5) and periodic.conf(5), values of sysctl(8) in the running kernel, kernel modules, and a daily report. Only what is named is looked at and changed; comments and other lines stay where they are.',
    'Files are read as text and never run. A name is changed where it stands, also in `rc.conf.local`, `loader.conf.d` and the like; a new one is added to the main file. Each file is written once, as a whole.',
    'The kernel comes first: what it refuses is not written for the next boot either.',
  ],
  notes: [
    'Starts and restarts no service: that a service is on in rc.conf counts from the next boot or from `service NAME start`.',
    'Refuses values that sh(1) or the loader would evaluate, and lines that cannot be read without running them where they set a name of the task.',
    'Needs root.',
  ],
  options: {
    rc_conf: optional(mapping(value, 'Variables of /etc/rc.conf.')),
    rc_conf_add: optional(
      mapping(words, 'Words that lists in /etc/rc.conf shall have, like `cloned_interfaces`. Others in them stay.'),
    ),
    rc_conf_remove: optional(mapping(words, 'Words that lists in /etc/rc.conf shall not have.')),
    rc_conf_d: optional(
      mapping(
        mapping(value, 'Variables that this service alone reads.'),
        'Variables in /etc/rc.conf.d, by the name of the service whose script reads them.',
      ),
    ),
    loader_conf: optional(
      mapping(
        scalar(
          'A value. Null takes the name out. True and false are written 1 and 0 where the name has a dot, else YES and NO.',
        ),
        'Tunables of the kernel and other variables of the loader, in /boot/loader.conf. They count from the next boot.',
      ),
    ),
    sysctl: optional(
      mapping(
        number,
        'Values of sysctl(8), in the running kernel and in /etc/sysctl.conf. Null takes the name out of the file alone.',
      ),
    ),
    periodic_conf: optional(mapping(value, 'Variables of /etc/periodic.conf.')),
    kernel_modules: optional(
      listOf(
        text('A module, as kldload(8) takes it.'),
        'Modules that are loaded, and in `kld_list` of rc.conf. What else is there stays.',
      ),
    ),
    pool_report: optional(
      flag(
        `A daily report of periodic(8), which names pools that are as full as \`${PERCENT_VARIABLE}\` of periodic.conf says (${USUAL_PERCENT} percent); FreeBSD's own lists them only. False removes it. Default: left alone.`,
      ),
    ),
  },
  state: {
    rc_conf: optional(settings('Variables of the task that are set in rc.conf.')),
    rc_conf_d: optional(
      mapping(settings('Variables.'), 'Variables of the task that are set in rc.conf.d, by service.'),
    ),
    loader_conf: optional(settings('Variables of the task that are set in loader.conf.')),
    sysctl: optional(settings('Values in the running kernel.')),
    sysctl_conf: optional(settings('Values of the task that are set in sysctl.conf.')),
    periodic_conf: optional(settings('Variables of the task that are set in periodic.conf.')),
    kernel_modules: optional(listOf(text('A module.'), 'Modules of the task that are loaded.')),
    pool_report: optional(flag('Whether pools that are filling up are reported daily.')),
    reboot_needed: optional(
      listOf(
        text('A name.'),
        'Tunables of the task that the running kernel was booted without, or with another value of.',
      ),
    ),
  },
  examples: {
    'A host for jails': {
      loader_conf: { 'kern.racct.enable': 1 },
      sysctl: { 'net.inet.ip.forwarding': 1 },
      rc_conf: { jail_enable: true, rcshutdown_timeout: 600, sendmail_enable: 'NONE' },
      kernel_modules: ['if_bridge', 'if_epair', 'nullfs'],
    },
    'Nightly checks of the pool': {
      periodic_conf: {
        daily_status_zfs_enable: true,
        daily_scrub_zfs_enable: true,
        daily_output: '/var/log/daily.log',
      },
      pool_report: true,
    },
    'One more interface in a list': { rc_conf_add: { cloned_interfaces: ['bridge0'] } },
    'A setting of one service, and one that is no longer wanted': {
      rc_conf_d: { jail: { jail_reverse_stop: true } },
      rc_conf: { moused_enable: null },
    },
  },

  /** Files cost no process. sysctl, kldstat and kenv run once each, where they are spoken of; more only for a change. */
  async observe(asked, machine) {
    const requests = requestsOf(asked)
    const shelves = new Map<string, Shelf>()
    for (const request of requests) shelves.set(request.home, await readShelf(request, machine))

    const sysctls = await readSysctls(machine, Object.keys(asked.sysctl ?? {}))
    const open = openSysctls(asked, { sysctls, shelves })
    const modules = asked.kernel_modules ?? []
    const tunables = Object.keys(asked.loader_conf ?? {}).filter(isTunable)
    return {
      shelves,
      sysctls,
      writable: await listWritable(
        machine,
        open.filter(name => sysctls.has(name)),
      ),
      known: open.every(name => sysctls.has(name)) ? [] : await listSysctls(machine),
      loaded: modules.length === 0 ? undefined : await listLoaded(machine),
      environment: tunables.length === 0 ? undefined : await readKenv(machine),
      daily: await lookAtFile(DAILY_SCRIPT, machine),
      hasServiceFolder: (await machine.status(SERVICE_FOLDER)) !== undefined,
    }
  },

  plan: (asked, seen, _now, done) => planSettings(asked, seen, done),
})

async function readShelf({ syntax, files, folder, home, defaults }: Request, machine: Probe): Promise<Shelf> {
  const names = folder === undefined ? [] : ((await machine.list(folder)) ?? [])
  const inFolder = names.filter(name => name.endsWith('.conf')).map(name => `${folder}/${name}`)
  const paths = [...files.slice(0, 1), ...inFolder, ...files.slice(1)]
  return {
    syntax,
    files: await Promise.all(paths.map(path => readConfFile(path, machine))),
    home,
    ...(defaults === undefined ? {} : { defaults: await readConfFile(defaults, machine) }),
  }
}
