/** What a switch is told, and what it tells: the words of blueprint_switch. */
import {
  choice,
  flag,
  integer,
  listOf,
  mapping,
  optional,
  record,
  scalar,
  text,
  withDefault,
} from '../../core/options.ts'
import { siteOptions } from '../site.ts'

const id = "The instance's id, like `web1`."

const tcp = record(
  {
    port: integer('The port.', 1, 65_535),
    address: optional(text("Default: the instance's first address.")),
  },
  'A port, or a port at an address.',
  'port',
)

const http = record(
  {
    url: optional(text('Where to ask: `http://10.66.0.11/health`. Give this or `port`.')),
    port: optional(integer("The port, at the instance's first address.", 1, 65_535)),
    path: optional(text('What to ask for there. Default: `/`.')),
    host: optional(text('The name of the site, where a server has several. Default: that of the address.')),
    status: optional(integer('What it must answer. Default: 200.', 100, 599)),
    text: optional(text('What its answer must contain.')),
  },
  'A question to a web server, asked from the host.',
)

export const health = record(
  {
    deadline: optional(integer('Seconds from the start until all of it must be well. Default: 60.', 1, 3600)),
    timeout: optional(
      integer(
        'Seconds that one command, port or web server may take to answer. One that takes longer is not well, and is asked again until the deadline, which no answer outlasts. Default: 10.',
        1,
        3600,
      ),
    ),
    commands: optional(
      listOf(
        listOf(text('A word.'), 'A program and its arguments; no shell reads them.'),
        'Commands that must succeed inside the instance, as root.',
      ),
    ),
    tcp: optional(listOf(tcp, 'Ports on which something must listen, tried from the host.')),
    http: optional(listOf(http, 'Questions that a web server must answer.')),
  },
  'When an instance is well after its start: its jail runs, and all of this. Default: its jail runs.',
)

const instance = {
  blueprint: optional(text('The blueprint it shall run on. Required for `state=switched`.')),
  revision: optional(integer('The revision that the blueprint must be at. Default: the one it is at.', 1)),
  conflicts: optional(
    choice(
      ['keep', 'replace', 'fail'],
      "What becomes of a file that both the customer and the blueprint have changed, where the changes cannot be joined. `keep`: the customer's stays, and the blueprint's lies beside it as `NAME.blueprint-new`. `replace`: the other way round. `fail`: the instance is left alone, on its blueprint. Default: `keep`.",
    ),
  ),
  health: optional(health),
  keep_generations: optional(
    integer('How many ways back are kept: snapshots of earlier switches. Default: 3.', 1, 100),
  ),
  not_after: optional(
    integer(
      'The second since 1970 after which it is not begun any more, such as the one at which its maintenance window leaves no time for it. It stays as it is then, which is no failure. Default: it is always begun.',
    ),
  ),
  rollback_data: optional(
    flag(
      'On the way back, roll all of its datasets back to the snapshot, customer data too: what was written since is lost. Default: false, and only what the switch itself has written goes back.',
    ),
  ),
}

export const OPTIONS = {
  id: optional(text(`${id} Give this, \`instances\` or \`running_on\`.`)),
  instances: optional(
    listOf(
      record({ id: text(id), ...instance }, 'An instance.', 'id'),
      'Several instances, each with options of its own. What stands beside the list holds for each that does not say otherwise.',
    ),
  ),
  running_on: optional(text('All instances of the host that run on this blueprint.')),
  state: withDefault(
    choice(
      ['switched', 'rolled_back', 'resumed'],
      '`switched`: they run on `blueprint`. `rolled_back`: they run on what they ran on before their last switch; one that never was switched is refused. `resumed`: a switch that was cut off is brought to its end; where none was, nothing happens.',
    ),
    'switched',
  ),
  ...instance,
  error_budget: optional(
    integer(
      'How many instances may have failed, come back or been refused: once there are more, no further one is begun, and those that are left stay as they are. Default: each is begun, whatever became of others.',
      0,
    ),
  ),
  parallel: withDefault(integer('How many instances are on their way at the same time.', 1, 50), 4),
  ...siteOptions,
}

const paths = (about: string) => optional(listOf(text('A path.'), about))
const seconds = (about: string) => optional(scalar(about))

const packages = record(
  {
    added: listOf(text('A package.'), 'New ones.'),
    removed: listOf(text('A package.'), 'Ones that are no longer there.'),
    upgraded: listOf(text('A package.'), 'From which version to which.'),
    downgraded: listOf(text('A package.'), 'From which version to which.'),
    major: listOf(text('A package.'), 'Of the upgraded ones, those whose first number changes.'),
  },
  'How the packages of the two blueprints differ.',
)

const merge = record(
  {
    taken: paths('Taken from the blueprint: new there, or changed there alone.'),
    merged: paths('Both had changed it, in different places: it has both changes now.'),
    kept: paths("The customer's stays."),
    removed: paths('The blueprint has it no longer, and the customer had not touched it.'),
    conflicts: optional(listOf(text('A sentence.'), 'What both had changed, and what was decided.')),
    barred: optional(listOf(text('A sentence.'), 'What a link or a file of the customer stands in the way of.')),
  },
  'What became of the files under the writable `etc` and `usr/local/etc`. Of one that came back: before they were put back.',
)

const outageParts = record(
  {
    stop: seconds('Its services and its jail end.'),
    clear: seconds('It is seen, or seen to, that nothing of it is left.'),
    snapshot: seconds('Its datasets are snapshotted.'),
    merge: seconds('Its files are merged.'),
    start: seconds('Its jail and its services start.'),
    health: seconds('Until it was well, or came back.'),
    back: seconds('Of one that went back: until it was as before, and well.'),
  },
  'What the outage was made of, in seconds.',
)

export const INSTANCE_STATE = record(
  {
    outcome: text(
      '`switched`; `as_wanted`: nothing was to be done; `rolled_back`: it runs on what it ran on before, and is well; `refused`: it was not touched, and `reason` says why; `not_begun`: the same, since others had failed or it was too late; `failed`: it may be down, and `reason` says how it is, and how to go on; `unknown`.',
    ),
    from: optional(text('What it ran on: `2026Q4-php83@1`, the blueprint and its revision.')),
    to: optional(text('What it runs on now.')),
    tried: optional(text('Of one that came back: what it was to run on.')),
    from_release: optional(text('The release of FreeBSD that it ran on: `14.2-RELEASE`.')),
    to_release: optional(text('The one that it runs on now.')),
    outage_seconds: seconds('From the stop until it was well. Where another run stopped it, nobody has measured that.'),
    outage_parts: optional(outageParts),
    packages: optional(packages),
    merge: optional(merge),
    scripts_vanishing: optional(
      listOf(text('A start script.'), 'Enabled in its rc.conf, and not in the new blueprint.'),
    ),
    reason: optional(text('Why it is not as asked for, and how to go on.')),
  },
  'An instance.',
)

export const STATE = { instances: mapping(INSTANCE_STATE, 'The instances of the task, by id.') }
