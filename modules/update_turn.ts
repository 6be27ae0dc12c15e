/** Who of a turn of an update goes now, and whether it goes on at all. Runs on the controller, and only thinks. */
import { defineModule } from './core/module.ts'
import { choice, integer, listOf, mapping, optional, record, scalar, text, withDefault } from './core/options.ts'
import { admit, budgetLeft, whyToStop } from './rules/fleet/admission.ts'
import { describeMet, isBad, outcomeTable } from './rules/fleet/outcomes.ts'
import { metOf } from './rules/fleet/requests.ts'
import { OUTCOMES } from './rules/switch/outcomes.ts'

const candidate = record(
  {
    host: text('Its host.'),
    id: text('Its id.'),
    customer: optional(text('Whose it is.')),
    not_before: optional(integer('The second since 1970 at which its window opens.')),
    not_after: optional(integer('The last one at which it may begin.')),
  },
  'An instance.',
)

const met = record(
  {
    host: text('Its host.'),
    id: text('Its id.'),
    customer: optional(text('Whose it is.')),
    outcome: choice(OUTCOMES, 'As blueprint_switch told; `unknown` where it told nothing.'),
    from: optional(text('What it ran on.')),
    to: optional(text('What it runs on.')),
    outage_seconds: optional(scalar('How long it was away.')),
    reason: optional(text('Why it is not as asked for.')),
  },
  'An instance.',
)

export default defineModule({
  name: 'update_turn',
  summary: 'Who of a turn of an update goes now is decided by what became of the instances before it',
  description: [
    'Holds back whom another outage would hurt: instances of customers, and on hosts, of which as many may be down already as are allowed, because a switch failed; and those whose maintenance window is not open when their turn comes. Whom nobody has touched is not taken to be down.',
    'Fails when more instances have failed, come back or been refused than the error budget allows, whatever host they are on.',
    'It reads nothing but its options and changes nothing: the playbook `update.yml` runs it on the controller before each turn, and once at the end, for the table of outages.',
  ],
  readsOnly: true,
  runsOnController: true,
  options: {
    next: optional(
      listOf(
        candidate,
        'Who is to go, as M(bluejail.hosting.update_waves) says. Without it nothing is decided, and only told what became of all.',
      ),
    ),
    later: withDefault(integer('How many are to go after these, for the message when it stops.'), 0),
    outcomes: optional(listOf(met, 'What became of the instances that went.')),
    error_budget: withDefault(integer('How many of them may have failed, come back or been refused.'), 0),
    max_down: withDefault(integer('How many instances of a host may be down at once.', 1, 50), 4),
    max_down_customer: withDefault(integer('How many of a customer may be, on all hosts together.', 1), 1),
    direction: withDefault(choice(['forward', 'back'], '`back`: coming back is what was asked for.'), 'forward'),
  },
  state: {
    hosts: mapping(
      record(
        { ids: listOf(text('An id.'), 'Who goes there.'), at_once: integer('How many side by side.') },
        'What a host does.',
      ),
      'Hosts that have something to do.',
    ),
    budget_left: integer(
      'How many more may fail, for the option O(bluejail.hosting.blueprint_switch#module:error_budget).',
    ),
    held: listOf(text('A sentence.'), 'Who does not go, and why.'),
    table: listOf(text('A line.'), 'What became of all that went, a line each, and the outages in sum.'),
  },
  examples: {
    'A customer, one of whose two instances failed, keeps the other': {
      next: [
        { host: 'hamburg2', id: 'shop2', customer: 'Larsen Boats' },
        { host: 'hamburg2', id: 'club' },
      ],
      outcomes: [
        { host: 'hamburg1', id: 'shop1', customer: 'Larsen Boats', outcome: 'failed', reason: 'it does not start' },
      ],
      error_budget: 1,
    },
    'What became of all': {
      outcomes: [
        {
          ...{ host: 'hamburg2', id: 'club', outcome: 'switched', outage_seconds: 3.4 },
          ...{ from: '2026Q4-php84@1', to: '2027Q1-php84@1' },
        },
      ],
    },
  },

  observe: async () => undefined,

  plan(options, _seen, now) {
    const isBack = options.direction === 'back'
    const all = (options.outcomes ?? []).map(metOf)
    const next = (options.next ?? []).map(({ host, id, customer, not_before, not_after }) => ({
      ...{ host, id },
      ...(customer === undefined ? {} : { customer }),
      ...(not_before === undefined ? {} : { notBefore: not_before * 1000 }),
      ...(not_after === undefined ? {} : { notAfter: not_after * 1000 }),
    }))
    const bounds = {
      errorBudget: options.error_budget,
      maxDownPerHost: options.max_down,
      maxDownPerCustomer: options.max_down_customer,
      isBack,
    }
    const { hosts, held } = admit(next, all, bounds, now)
    const bad = all.filter(one => isBad(one, isBack))
    const reason = options.next === undefined ? undefined : whyToStop(all, next.length + options.later, bounds)
    const state = {
      hosts: Object.fromEntries([...hosts].map(([host, { ids, atOnce }]) => [host, { ids, at_once: atOnce }])),
      budget_left: budgetLeft(all, bounds),
      held: [...held],
      table: outcomeTable(all),
    }
    return {
      ...{ before: state, after: state, steps: [] },
      ...(options.next === undefined ? { warnings: bad.map(one => `Not as asked for: ${describeMet(one)}.`) } : {}),
      ...(reason === undefined ? {} : { failures: [reason] }),
      msg: state.table.at(-1) ?? '',
    }
  },
})
