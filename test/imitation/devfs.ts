/** devfs(8): the rulesets of a base system (08-host.jsonl). What devices a jail sees is not imitated. */
import { imitation, Unknown } from './screen.ts'

/** devfsrules_jail of etc/defaults/devfs.rules. */
const JAIL_RULES = '100 include 1\n200 include 2\n300 include 3\n400 path fuse unhide\n500 path zfs unhide\n'

export const devfs = imitation('devfs', (_machine, call, screen) => {
  const words = call.args.join(' ')
  if (words === 'rule showsets') screen.out('1\n2\n3\n4\n5\n')
  else if (words === 'rule -s 4 show') screen.out(JAIL_RULES)
  else if (!/^(-m \S+ )?(ruleset \d+|rule (-s \d+ )?applyset)$/.test(words)) throw new Unknown(`form: ${words}`)
  return 0
})
