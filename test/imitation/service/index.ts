/** service(8): scripts of rc.d (usr.sbin/service/service.sh), of which the machine knows these. */
import type { Start } from '../processes.ts'
import { isYes, readRcConf } from '../rc-conf.ts'
import { getopt, Unknown } from '../screen.ts'
import { type Steps, starting, wait } from '../starting.ts'
import { jailService } from './jail.ts'
import { netifService } from './netif.ts'
import { pfService, rctlService } from './rules.ts'
import type { Asked, Service, Verb } from './service.ts'

const SERVICES: Readonly<Record<string, Service>> = {
  jail: jailService,
  netif: netifService,
  pf: pfService,
  rctl: rctlService,
  cron: daemon('cron', 579, 'Daemon to execute scheduled commands'),
  sshd: daemon('sshd', 564, 'Secure Shell Daemon'),
  syslogd: daemon('syslogd', 530, 'System log daemon'),
}

/** Scripts of the base that `service -e` names before any other (04-symlink-rctl-net.jsonl). */
const ENABLED = 'hostid zpool zpoolreguid zpoolupgrade zvol hostid_save zfsbe var_run kldxref zfs'.split(' ')

export const service = starting('service', function* (machine, call, screen): Steps<number> {
  const { set, values, operands } = getopt(call.args, 'ej:v')
  if (values.has('j')) throw new Unknown('flag -j')
  const settings = readRcConf(machine)
  if (set.has('e')) {
    const own = Object.keys(SERVICES).filter(name => isYes(settings[`${name}_enable`]))
    screen.out([...ENABLED, ...own].map(name => `/etc/rc.d/${name}\n`).join(''))
    return 0
  }
  const [name = '', verb = '', ...names] = operands
  const known = SERVICES[name]
  if (known !== undefined) return yield* control(known, name, verb, names)
  const script = ['/etc/rc.d', '/usr/local/etc/rc.d'].map(place => `${place}/${name}`).find(isProgram)
  if (script !== undefined) {
    const start: Start = { argv: [script, verb, ...names] }
    const end = yield* wait(machine.processes.start(machine, start))
    screen.out(end.stdout)
    screen.err(end.stderr)
    return end.exit
  }
  screen.out(
    `${name} does not exist in /etc/rc.d or the local startup\ndirectories (/usr/local/etc/rc.d), or is not executable\n`,
  )
  return 1

  function isProgram(path: string): boolean {
    const status = machine.tree.lstat(path)
    return status?.type === 'file' && (status.mode & 0o111) !== 0
  }

  /** run_rc_command of rc.subr: `one` and `force` pass over `NAME_enable`, `quiet` says less. */
  function* control(known: Service, own: string, given: string, jails: readonly string[]): Steps<number> {
    const prefix = /^(one|force|fast|quiet)/.exec(given)?.[0]
    const plain = (prefix === undefined ? given : given.slice(prefix.length)) as Verb
    const isEnabled = isYes(settings[`${own}_enable`] ?? known.usually)
    if (plain === 'enabled') return isEnabled ? 0 : 1
    if (plain === 'rcvar') {
      const usual = known.usually ?? ''
      screen.out(
        `# ${own} : ${known.description}\n#\n${own}_enable="${settings[`${own}_enable`] ?? usual}"\n#   (default: "${usual}")\n\n`,
      )
      return 0
    }
    if (
      !isEnabled &&
      (prefix === undefined || prefix === 'quiet') &&
      ['start', 'stop', 'restart', 'reload'].includes(plain)
    ) {
      screen.err(
        `Cannot '${plain}' ${own}. Set ${own}_enable to YES in /etc/rc.conf or use 'one${plain}' instead of '${plain}'.\n`,
      )
      return 1
    }
    const act = known.verbs[plain]
    if (act === undefined) throw new Unknown(`verb ${given} of ${own}`)
    const did = act({ machine, screen, settings, names: jails })
    return typeof did === 'number' ? did : yield* did
  }
})

/** A daemon of the base: it runs from the start (08-host.jsonl). */
function daemon(name: string, pid: number, description: string): Service {
  const say =
    (text: string) =>
    ({ screen }: Asked) => {
      screen.out(text)
      return 0
    }
  return {
    description,
    verbs: {
      status: say(`${name} is running as pid ${pid}.\n`),
      start: say(`${name} already running?  (pid=${pid}).\n`),
      restart: say(`Stopping ${name}.\nStarting ${name}.\n`),
      reload: say(''),
    },
  }
}
