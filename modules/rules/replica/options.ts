/** Replicas as a task writes them. The file on the host says the same in the same words, and is read with this. */
import { choice, flag, integer, listOf, optional, record, scalar, text, withDefault } from '../../core/options.ts'
import { siteOptions } from '../site.ts'

const login = {
  host: text("The other host's name or address."),
  user: withDefault(text('The login there. A user of its own, with no more rights than this needs.'), 'replica'),
  port: optional(integer('The port of its sshd.', 1, 65_535)),
  key: optional(text('The file on this host with the private key. Default: what ssh of root takes.')),
  known_hosts: optional(text("The file on this host with the other one's key. Default: ssh's own.")),
}

const replica = record(
  {
    name: text(
      "Its name: up to 31 characters of a to z, 0 to 9 and '-', like `to-hamburg2`. Bookmarks on the source have it in theirs, so two hosts that fetch from one source give their replicas different names.",
    ),
    dataset: text('What is replicated, with all below it.'),
    target: text('Where the copy is. The dataset above it must exist.'),
    to: optional(
      record(login, 'The host where the copy is. With neither `to` nor `from`, both are on this host.', 'host'),
    ),
    from: optional(record(login, 'The host that is copied, where this one has the copy.', 'host')),
    exclude: optional(
      listOf(
        text('A path.'),
        'Paths below `dataset` without a copy, with all below them; `*` is one component, as in `*/tmp`.',
      ),
    ),
    history: withDefault(flag('Send every snapshot. No: the newest only.'), true),
    diverged: withDefault(
      choice(
        ['refuse', 'rotate'],
        'A copy that cannot be continued, because it was changed or has nothing in common with its source, is left and reported, or is renamed to `NAME-diverged-TIME` and begun anew; copies below it go on, where they can. Nothing is ever destroyed for it.',
      ),
      'refuse',
    ),
    bandwidth: optional(
      scalar(
        'Bytes in a second that this replica sends, all its datasets together, like `20M` (20 times 1024 times 1024). Default: as many as go.',
      ),
    ),
    at_once: withDefault(integer('How many of its datasets are sent at a time.', 1, 32), 2),
    late_minutes: optional(
      integer(
        'For how many minutes a snapshot may wait to be in the copy until `replicate status` exits with 1 and says so; 0 for ever. Default: four times `minutes`.',
        0,
      ),
    ),
    place: optional(text('What instances show as the place of their replica. Default: the host and the dataset.')),
  },
  'A dataset with all below it, and its copy.',
)

/** What the file on the host holds. */
export const SETTINGS = {
  replicas: listOf(replica, 'The replicas that this host makes.'),
  minutes: withDefault(integer('Cron starts the program every so many minutes; 0 for never.', 0, 30), 15),
  prometheus_file: optional(
    text('Write metrics there after each run, for the textfile collector of node_exporter. Its directory must exist.'),
  ),
  ...siteOptions,
}

const access = record(
  {
    user: text("Its name. It is made where it is not there, with a home in /var/db/bluejail-replica that is root's."),
    dataset: text('At and below this dataset it may do what replication needs, and nowhere else.'),
    role: withDefault(
      choice(['target', 'source'], '`target`: copies come here. `source`: the other host fetches.'),
      'target',
    ),
    public_keys: optional(
      listOf(text('A line of a `.pub` file.'), 'Who has one of these may log in, and run replication alone.'),
    ),
    from: optional(text('Addresses from which these keys count, as `from=` in authorized_keys.')),
    state: withDefault(
      choice(
        ['present', 'absent'],
        'With `absent` the user goes, with its keys and what it was allowed. Copies stay. Logins that are not listed stay as they are.',
      ),
      'present',
    ),
  },
  'A login for another host.',
)

const known = record(
  {
    host: text('Its name or address, as replicas have it.'),
    port: optional(integer('The port of its sshd.', 1, 65_535)),
    key: text("Its sshd's public key: `host_key` in what this module tells there."),
  },
  'A host.',
)

/** How hosts may reach each other. */
export const ACCESS = {
  key: optional(
    text(
      'A file for a private key of this host, like /root/.ssh/replica. It is made where there is none, and never changed.',
    ),
  ),
  known_hosts: optional(
    listOf(known, 'Other hosts, all of them: they are written to /usr/local/etc/bluejail/replicate.known_hosts.'),
  ),
  logins: optional(listOf(access, 'Users of this host by which others replicate, and can do nothing else.')),
}
