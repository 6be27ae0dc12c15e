/** In which waves and turns a fleet is updated, and how long that takes. Runs on the controller, and only thinks. */
import { defineModule } from './core/module.ts'
import { choice, flag, integer, listOf, mapping, optional, record, scalar, text, withDefault } from './core/options.ts'
import { fleetOf, serialOf } from './rules/fleet/requests.ts'
import { USUAL_SERIAL } from './rules/fleet/sizes.ts'
import type { Seat, Turn } from './rules/fleet/turns.ts'
import { type Wave, wavesOf } from './rules/fleet/waves.ts'
import { DAYS } from './rules/fleet/windows.ts'
import { summaryOf, totalsOf, waveTable } from './rules/fleet/words.ts'

const maintenance = record(
  {
    days: optional(listOf(choice(DAYS, 'A day.'), 'Days on which it opens. Default: every day.')),
    from: text('When it opens, like `"02:00"`.'),
    to: text('When it closes; before `from`, it is on the next day.'),
    timezone: withDefault(text('Whose clock that is.'), 'UTC'),
  },
  'When it may be away. Default: always.',
)

const member = record(
  {
    host: text('Its host.'),
    id: text('Its id there.'),
    customer: optional(text('Whose it is. Instances of one customer are taken to stand in for each other.')),
    blueprint: text('What it runs on.'),
    target: text('What it shall run on.'),
    outage_seconds: optional(scalar('How long its last switch took it away, as hosting_info tells.')),
    canary: withDefault(flag('It goes in the first wave, with the other canaries.'), false),
    cut_off: withDefault(
      flag(
        'Its last switch was cut off, so it may be down: it goes before all others, in wave 0, whatever it runs on.',
      ),
      false,
    ),
    outdated: withDefault(
      flag('It goes although it runs on its target, which was amended since, to get the files that this changed.'),
      false,
    ),
    maintenance: optional(maintenance),
  },
  'An instance.',
)

const seat = record(
  {
    host: text('Its host.'),
    id: text('Its id.'),
    customer: optional(text('Whose it is.')),
    not_before: optional(integer('The second since 1970 at which its window opens.')),
    not_after: optional(integer('The last one at which it may begin, to be back before its window closes.')),
  },
  'An instance.',
)

export default defineModule({
  name: 'update_waves',
  summary: 'The waves in which instances of all hosts are switched are worked out, and how long they take',
  description: [
    'Sorts the instances of all hosts into waves: canaries first, then so many at a time as `serial` says. Which wave an instance is in does not depend on what was done before, so an update that is run again goes on where it was.',
    'A wave is done in turns. No turn has more instances of one customer than may be down at once, and none whose maintenance window is not expected to be open for as long as it needs. Those whose window is closed wait for another run, and are named.',
    'How long it all takes is expected from the last measured outages.',
    'It reads nothing but its options and changes nothing: the playbook `update.yml` runs it on the controller, with `delegate_to: localhost`.',
  ],
  notes: ['A turn ends on all hosts before the next one begins.'],
  readsOnly: true,
  runsOnController: true,
  options: {
    instances: listOf(member, 'The instances of the fleet, those that are on their target included.'),
    serial: optional(
      listOf(
        text('A number of instances, or a percentage of all.'),
        `Sizes of the waves after the canaries, as Ansible's \`serial\`: the last counts until all are done. Default: \`[${USUAL_SERIAL.join(', ')}]\`.`,
      ),
    ),
    max_down: withDefault(integer('How many instances of a host may be down at once.', 1, 50), 4),
    max_down_customer: withDefault(integer('How many of a customer may be, on all hosts together.', 1), 1),
    usual_outage: withDefault(integer('Seconds, for instances whose outage was never measured.'), 30),
    turn_seconds: withDefault(integer('Seconds that a turn takes beside its outages.'), 10),
    forks: withDefault(integer('How many hosts Ansible works on at once.', 1), 5),
    waves: optional(listOf(integer('The number of a wave.', 1), 'Go through these only.')),
    direction: withDefault(
      choice(['forward', 'back'], '`back`: those go that are on their target, in the same waves.'),
      'forward',
    ),
  },
  state: {
    waves: listOf(
      record(
        {
          wave: integer('Its number; 0 is the wave of those whose switch was cut off.'),
          canaries: flag('Whether it is the wave of canaries.'),
          instances: integer('How many are in it.'),
          there: integer('How many of them need nothing.'),
          waiting: integer('How many wait for their maintenance window.'),
          turns: integer('In how many turns it is done.'),
          seconds: integer('How long it is expected to take.'),
        },
        'A wave.',
      ),
      'The waves in order.',
    ),
    turns: listOf(
      record(
        {
          wave: integer('The wave it is of.'),
          turn: integer('Its number in that.'),
          of: integer('How many turns that wave has.'),
          seconds: integer('How long it is expected to take.'),
          hosts: mapping(
            record(
              { ids: listOf(text('An id.'), 'Who goes there.'), at_once: integer('How many side by side.') },
              'What a host does.',
            ),
            'Hosts that have something to do.',
          ),
          next: listOf(seat, 'The same, for update_turn.'),
          later: integer('How many instances go after it.'),
        },
        'Instances that go at the same time.',
      ),
      'All turns of all waves, in order.',
    ),
    waiting: listOf(text('A sentence.'), 'Who waits for a maintenance window, and until when.'),
    seconds: integer('How long all is expected to take.'),
    table: listOf(text('A line.'), 'The waves as a table, a line each.'),
  },
  examples: {
    'Two web servers of one customer on two hosts, one after the other': {
      instances: [
        {
          ...{ host: 'hamburg1', id: 'shop1', customer: 'Larsen Boats', outage_seconds: 4.2 },
          ...{ blueprint: '2026Q4-php84', target: '2027Q1-php84' },
        },
        {
          ...{ host: 'hamburg2', id: 'shop2', customer: 'Larsen Boats' },
          ...{ blueprint: '2026Q4-php84', target: '2027Q1-php84' },
          maintenance: { days: ['sat', 'sun'], from: '01:00', to: '24:00', timezone: 'Europe/Berlin' },
        },
      ],
      serial: ['50%'],
    },
  },

  observe: async () => undefined,

  plan(options, _seen, now) {
    const isBack = options.direction === 'back'
    const order = { serial: serialOf(options.serial), only: options.waves, isBack }
    const waves = wavesOf(
      fleetOf(options.instances),
      order,
      {
        maxDownPerHost: options.max_down,
        maxDownPerCustomer: options.max_down_customer,
        usualSeconds: options.usual_outage,
        secondsPerTurn: options.turn_seconds,
        forks: options.forks,
      },
      now,
    )
    const totals = totalsOf(waves)
    const state = {
      waves: waves.map(wave => ({
        wave: wave.number,
        canaries: wave.kind === 'canaries',
        instances: wave.members.length,
        there: wave.there.length,
        waiting: wave.waiting.length,
        turns: wave.turns.length,
        seconds: Math.ceil(wave.seconds),
      })),
      turns: turnStates(waves, totals.going),
      waiting: waves.flatMap(({ waiting }) =>
        waiting.map(({ member: { host, id }, reason }) => `${id} on ${host}: ${reason}`),
      ),
      seconds: Math.ceil(totals.seconds),
      table: waveTable(waves),
    }
    return { before: state, after: state, steps: [], msg: summaryOf(waves, totals, isBack) }
  },
})

function turnStates(waves: readonly Wave[], going: number) {
  let later = going
  return waves.flatMap(({ number, turns }) =>
    turns.map((turn, at) => {
      const next = [...turn.hosts.values()].flatMap(({ seats }) => seats.map(nextState))
      later -= next.length
      return {
        ...{ wave: number, turn: at + 1, of: turns.length, seconds: Math.ceil(turn.seconds) },
        ...{ hosts: hostStates(turn), next, later },
      }
    }),
  )
}

const hostStates = ({ hosts }: Turn) =>
  Object.fromEntries(
    [...hosts].map(([host, { atOnce, seats }]) => [host, { ids: seats.map(each => each.member.id), at_once: atOnce }]),
  )

const nextState = ({ member: { host, id, customer }, notBefore, notAfter }: Seat) => ({
  ...{ host, id },
  ...(customer === undefined ? {} : { customer }),
  ...(notBefore === undefined ? {} : { not_before: Math.ceil(notBefore / 1000) }),
  ...(notAfter === undefined ? {} : { not_after: Math.floor(notAfter / 1000) }),
})
