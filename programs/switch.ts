/** Before jails start at boot: switches that were cut off are brought to where their instances can be started. */
import { defineProgram, type Surroundings, WrongUsage } from '../modules/core/host-program.ts'
import { DEFAULT_SITE, type Site } from '../modules/rules/layout.ts'
import { siteOf } from '../modules/rules/site.ts'
import { DEADLINE_SECONDS, settle } from '../modules/rules/switch/settle.ts'

export default defineProgram({
  name: 'switch',
  summary: 'switches of instances that were cut off, before jails start',
  usage: `usage: switch resume [--dataset=${DEFAULT_SITE.dataset}] [--path=${DEFAULT_SITE.path}]
It starts no instance, and ends after ${DEADLINE_SECONDS} s, whatever hangs. The next run of the module blueprint_switch sees whether they are well, and finishes.
exit status: 0 all can be started, 1 something is in the way of one and is named, 2 the work could not be done`,
  sharesLock: true,
  async main(around) {
    const site = siteIn(around)
    const giveBack = await around.host.lock(around.holder)
    try {
      const all = await settle(site, around.host, around.now)
      for (const { id, words, isWell } of all) (isWell ? around.say : around.complain)(`${id}: ${words}`)
      return all.every(({ isWell }) => isWell) ? 0 : 1
    } finally {
      await giveBack()
    }
  },
})

function siteIn({ args }: Surroundings): Site {
  const [command, ...rest] = args
  if (command !== 'resume')
    throw new WrongUsage(command === undefined ? 'a command is missing' : `'${command}' is no command`)
  const given = new Map(rest.map(word => [word.split('=', 1)[0] ?? '', word.slice(word.indexOf('=') + 1)]))
  for (const option of given.keys())
    if (option !== '--dataset' && option !== '--path') throw new WrongUsage(`'${option}' is no option`)
  return siteOf({ hosting_dataset: given.get('--dataset'), hosting_path: given.get('--path') })
}
