/** Whether an instance is well: what a switch asks after its start, asked at any time. It only looks. */
import { InvalidOptions } from './core/errors.ts'
import { defineModule } from './core/module.ts'
import { choice, flag, integer, listOf, optional, text, withDefault } from './core/options.ts'
import { listJails } from './freebsd/jls.ts'
import { contactInside } from './freebsd/nc.ts'
import { checkInstanceId, instancePlaces } from './rules/layout.ts'
import { siteOf, siteOptions } from './rules/site.ts'
import { ailmentOf, firstAddress, needsAddress } from './rules/switch/health.ts'
import { fromInside } from './rules/switch/health-inside.ts'
import { health } from './rules/switch/options.ts'
import { type Health, healthOf } from './rules/switch/requests.ts'

export default defineModule({
  name: 'instance_health',
  summary: 'An instance is well, or the task fails and says what is not',
  description: [
    'Its jail runs, its commands succeed, its ports and web servers answer: the same questions that M(bluejail.hosting.blueprint_switch) asks after a start. It asks once, in order, up to the first that is not well; `deadline` is for who asks again, with `until`.',
    'With `asked_from: inside`, ports and web servers are asked by nc(1) in the instance itself, at its own addresses: of an instance whose network leads nowhere, as in a restore drill. What is asked over https, or at other addresses, is left out and named.',
  ],
  notes: ["What runs in an instance is its customer's, so what it says of itself is the customer's word."],
  readsOnly: true,
  options: {
    id: text("The instance's id."),
    health: optional(health),
    asked_from: withDefault(choice(['host', 'inside'], 'Where ports and web servers are asked from.'), 'host'),
    ...siteOptions,
  },
  state: {
    well: flag('Whether it is well.'),
    asked: integer('How many questions were asked beside whether its jail runs.'),
    left_out: listOf(text('A question.'), 'What cannot be asked from inside.'),
  },
  examples: {
    'Its jail runs': { id: 'web1' },
    'Its log daemon runs and its web server answers': {
      id: 'web1',
      health: { commands: [['service', 'syslogd', 'status']], http: [{ port: 80, path: '/health' }] },
    },
  },

  async observe(options, machine) {
    const id = checkInstanceId(options.id)
    const places = instancePlaces(siteOf(options), id)
    const jails = await listJails(machine)
    const isRunning = jails.some(({ name, isDying }) => name === id && !isDying)
    const conf = (await machine.read(places.jailConf)) ?? ''
    const wanted = healthOf(id, options.health ?? {})
    const isInside = options.asked_from === 'inside'
    const { health, leftOut } = isInside ? fromInside(wanted, conf) : { health: wanted, leftOut: [] }
    if (isRunning && needsAddress(health) && firstAddress(conf) === undefined)
      throw new InvalidOptions(
        `${id}: it has no address of its own, and \`health\` asks at one. Give \`address\` or \`url\``,
      )
    const asker = {
      query: machine.query.bind(machine),
      contact: isInside ? contactInside(machine, id) : machine.contact.bind(machine),
    }
    const ailment = isRunning ? await ailmentOf(id, health, conf, asker) : 'its jail does not run'
    return { id, ailment, leftOut, asked: questionsIn(health) }
  },

  plan(_options, { id, ailment, leftOut, asked }) {
    const state = { well: ailment === undefined, asked, left_out: [...leftOut] }
    const omitted = leftOut.length === 0 ? '' : ` Left out: ${leftOut.join(', ')}.`
    return {
      before: state,
      after: state,
      steps: [],
      ...(ailment !== undefined && { failures: [`${id} is not well: ${ailment}.`] }),
      msg: `${id} is well: its jail runs${asked === 0 ? '' : `, and ${asked} question${asked === 1 ? '' : 's'} found it so`}.${omitted}`,
    }
  },
})

const questionsIn = ({ commands, tcp, http }: Health) => commands.length + tcp.length + http.length
