/** How an instance goes to another host: begun, or brought to its end. Runs on the controller, and only thinks. */
import { defineModule } from './core/module.ts'
import { content, flag, listOf, record, text, withDefault } from './core/options.ts'
import { describeCommand } from './core/step.ts'
import { decide } from './rules/move/decide.ts'
import { COLUMNS, requestOf } from './rules/move/requests.ts'
import { leaning, streamsOf } from './rules/move/streams.ts'

const place = {
  host: text('Its name in the inventory, as marks have it.'),
  dataset: text("The instance's dataset there, like `zroot/hosting/instances/web1`."),
  running: flag('Whether the instance runs there.'),
  datasets: content(
    `What \`zfs list -Hp -r -t filesystem,volume -o name,${COLUMNS.join()}\` printed of that dataset there; nothing where it does not exist.`,
  ),
}

export default defineModule({
  name: 'instance_move',
  summary: 'How an instance goes to another host is decided, and what is sent of it',
  description: [
    'A move leaves marks: on what is left behind `bluejail:moved`, when and where to, before the instance starts at its new place; on what arrives `bluejail:arrived`, when and where from, `unfinished` until it may start there. By them a move that was cut off is brought to its end, and never begun anew over what runs.',
    'What the target has of the instance is set aside only if it was left by a move, is what an unfinished one brought, or is older than a failover from there; or where `over` says so. Nothing that runs is.',
    'All of it is sent with its snapshots, or after a failover only what the target lacks. What is encrypted is refused.',
    'It reads nothing but its options and changes nothing: the playbook `move.yml` runs it on the controller, with `delegate_to: localhost`. What it gives for shells is put together here and quoted, from names that were read strictly: no host of both has a word in what the controller runs.',
  ],
  readsOnly: true,
  runsOnController: true,
  options: {
    id: text("The instance's id."),
    time: text('Of this move, like `20261122T120000Z`: its snapshots and marks have it.'),
    source: record(place, 'Where it is.'),
    target: record(
      {
        ...place,
        kept: content(
          'What `zfs list -Hp -r -t snapshot -o guid` printed of what the target has of it, and had set aside.',
        ),
      },
      'Where it goes.',
    ),
    arrived: text('The dataset at the target as which it is received, like `zroot/hosting/arrived/web1`.'),
    over: withDefault(flag('What the target has of it may be set aside in any case, if it does not run.'), false),
  },
  state: {
    turn: text('`begin`, or `finish` where a move was cut off after what is left behind was marked.'),
    time: text('Of the move that is begun or finished.'),
    sets_aside: flag('Whether what the target has of it is renamed first.'),
    streams: listOf(
      record(
        {
          first: text('The command at the source while the instance runs, for a shell there.'),
          last: text('The same, once it is stopped.'),
          receive: text('The command at the target that receives either.'),
        },
        'A stream.',
      ),
      'What is sent, in order.',
    ),
    promoted: listOf(text('A dataset.'), 'What is to be promoted at the target once it is in its place.'),
  },
  examples: {
    'It goes to a host that has nothing of it': {
      id: 'web1',
      time: '20261122T120000Z',
      source: {
        host: 'hamburg1',
        dataset: 'zroot/hosting/instances/web1',
        running: true,
        datasets: 'zroot/hosting/instances/web1\t-\t-\t-\t-\toff\nzroot/hosting/instances/web1/etc\t-\t-\t-\t-\toff\n',
      },
      target: { host: 'hamburg2', dataset: 'zroot/hosting/instances/web1', running: false, datasets: '', kept: '' },
      arrived: 'zroot/hosting/arrived/web1',
    },
  },

  observe: async options => requestOf(options),
  plan(_options, request) {
    const { id, source, target } = request
    const { turn, time, setsAside } = decide(request)
    const streams = turn === 'begin' ? streamsOf(request) : []
    const state = {
      turn,
      time,
      sets_aside: setsAside,
      streams: streams.map(({ first, last, receive }) => ({
        first: describeCommand(first),
        last: describeCommand(last),
        receive: describeCommand(receive),
      })),
      promoted: turn === 'begin' ? streams.flatMap(({ becomes }) => becomes ?? []) : leaning(target),
    }
    const way = `${id} goes from ${source.host} to ${target.host}`
    return {
      before: state,
      after: state,
      steps: [],
      msg: turn === 'begin' ? `${way}.` : `${way}: a move that was cut off (${time}) is brought to its end.`,
    }
  },
})
