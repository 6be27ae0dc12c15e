/** Blueprints: a release with packages, built once, sealed, shared read-only by the instances that name it. */
import { defineModule } from './core/module.ts'
import {
  choice,
  content,
  fileMode,
  flag,
  integer,
  listOf,
  mapping,
  optional,
  record,
  text,
  withDefault,
} from './core/options.ts'
import { lookAt } from './rules/blueprint/look.ts'
import { planBlueprints } from './rules/blueprint/plan.ts'
import { requestsOf } from './rules/blueprint/requests.ts'
import { DEFAULT_MIRROR } from './rules/blueprint/source.ts'
import { siteOf, siteOptions } from './rules/site.ts'

const name = "The blueprint's name, conventionally the quarter of its ports and what it is for: `2026Q4-php83`."

const repository = {
  url: text('Where it is, over http, https or file. Variables of pkg.conf(5), such as ABI, are replaced.'),
  signature_type: optional(
    choice(
      ['fingerprints', 'pubkey', 'none'],
      'How it is signed. Follows from what else is given; `none` must be asked for.',
    ),
  ),
  fingerprints: optional(
    listOf(
      text('A sha256 fingerprint of 64 digits.'),
      'Fingerprints of the keys that may have signed it; or a directory of them inside the blueprint, like `/usr/share/keys/pkg`.',
    ),
  ),
  pubkey: optional(content('The public key it is signed with: the key itself, or its path on the host.')),
  abi: optional(text("The ABI of its packages. Default: the release's, like `FreeBSD:14:amd64`.")),
}

const blueprint = {
  release: optional(
    text(
      "The release it is made from, like `14.2-RELEASE`. Needed to build it. May not be newer than the host's kernel.",
    ),
  ),
  architecture: optional(text("Processor architecture, like `amd64`. Default: the host's.")),
  base: optional(
    record(
      {
        url: optional(text('URL of a base.txz; its MANIFEST is looked for beside it.')),
        mirrors: optional(
          listOf(
            text('URL of a directory that is laid out as FreeBSD lays out releases.'),
            `Mirrors of releases, tried in order. Default: \`${DEFAULT_MIRROR}\`.`,
          ),
        ),
        file: optional(text('Path of a base.txz on the host, with its MANIFEST beside it.')),
        sha256: optional(text("What base.txz must have, instead of what the release's MANIFEST says.")),
        size: optional(integer('Bytes that it must have, looked at before it is fetched and afterwards.', 1)),
      },
      'Where base.txz comes from. What is fetched is kept, and looked at again before it is used.',
      'url',
    ),
  ),
  pkgbase: optional(
    record(
      {
        ...repository,
        packages: optional(listOf(text('Name of a package.'), 'Base packages. Default: `FreeBSD-set-base-jail`.')),
      },
      'Make the base of packages, from this repository, instead of base.txz.',
    ),
  ),
  packages: optional(
    listOf(
      text("A package's name, without a version."),
      'Packages, without those that they need. A complete blueprint with others is refused.',
    ),
  ),
  repository: optional(
    record(repository, "Where packages come from. Nothing of the host's own pkg configuration is used.", 'url'),
  ),
  files: optional(
    listOf(
      record(
        {
          path: text('Path inside the blueprint.'),
          content: content('What it shall hold.'),
          mode: optional(fileMode("Its mode, in octal digits. Default: '0644'; a file of base keeps its own.")),
        },
        'A file.',
      ),
      'Files put into it when its packages are installed, owned by root.',
    ),
  ),
  directories: optional(
    listOf(
      text('Path inside the blueprint.'),
      'Directories that it shall have besides those where instances are mounted by default, for mounts of your own.',
    ),
  ),
  commands: optional(
    listOf(
      listOf(text('A word.'), 'A command, word by word; no shell reads it.'),
      'Commands run in it (chroot) at the end, while it is built.',
    ),
  ),
}

export default defineModule({
  name: 'blueprint_jail',
  summary: 'Blueprints for instances are built from a release and packages, or are absent',
  description: [
    'A blueprint is a file tree in a dataset of its own: a FreeBSD release, packages, files, and what commands made of them. It is complete or it is not there: half-built work is elsewhere, and the next run finishes it or starts anew.',
    'A complete one is sealed: read-only, with the snapshot `@complete`, and a manifest `/.blueprint.json` that lists the release, all packages with version, origin and size, and a digest of every file. It is never changed. If its release, base, packages, files, directories or commands are not those of the task, the task is refused and says what differs. Where the same comes from may change.',
    '`amend` alone adds packages to a complete blueprint while instances use it. A clone shows first that nothing would be upgraded or removed, and that they can be installed; the outcome is the next revision, with a snapshot `@r2` and its own manifest. An amendment that was cut short is taken back by the next task that names the blueprint.',
    "The base is fetched with its release's MANIFEST and must have the sha256 it says. Packages come from a signed repository, and what pkg(8) says is read, since its exit status does not tell of a wrong signature. What packages run afterwards (pkg-triggers(5)) is run in it, and the package database is closed.",
    'What every instance would share is not sealed: SSH host keys, `/etc/hostid` and `/etc/machine-id`.',
  ],
  notes: [
    'Needs root.',
    'What was fetched stays in `build/.cache` below the root dataset, for the next blueprint: archives until half a year after they were last used, packages until they are half a year old. What is older goes when a blueprint was built.',
    "Progress is in `steps`, and in the host's log under `bluejail`.",
    'Fingerprints are kept inside the blueprint, in `/usr/share/keys`, where pkg looks for them.',
  ],
  options: {
    name: optional(text(`${name} Give this or \`blueprints\`.`)),
    blueprints: optional(
      listOf(
        record({ name: text(name), ...blueprint }, 'A blueprint, or only its name.', 'name'),
        'Several blueprints. What stands beside the list holds for each that does not say otherwise.',
      ),
    ),
    ...blueprint,
    state: withDefault(
      choice(
        ['present', 'absent'],
        'Absent is refused while anything is mounted from it, or an instance would mount it.',
      ),
      'present',
    ),
    amend: withDefault(flag('Add those of `packages` that a complete blueprint was made without.'), false),
    reason: optional(
      text(
        "Why it is amended, in one line. Needed with `amend`, and kept on the revision's snapshot (`bluejail:reason`), where no instance can read it; hosting_info tells it.",
      ),
    ),
    keep_ways_back: withDefault(
      flag(
        'Absent is refused while an instance could go back to it: its last switch, or a kept snapshot of an earlier one, leads there. With `false` it goes, and these ways back with it.',
      ),
      true,
    ),
    verify: withDefault(flag('Compare every file with what was sealed, and warn of what differs.'), false),
    ...siteOptions,
  },
  state: {
    blueprints: mapping(
      record(
        {
          dataset: text('Its dataset.'),
          path: text('Its file tree.'),
          release: text('The release it was made from.'),
          architecture: text('Its processor architecture.'),
          abi: text('The ABI of its packages.'),
          revision: integer('1, and one more with each amendment.'),
          packages: listOf(text('Name and version.'), 'All installed packages.'),
          digest: text('sha256 over the list of its files.'),
          drift: optional(listOf(text('A path and what differs.'), 'With `verify`: what has changed since.')),
        },
        'A blueprint.',
      ),
      'The complete blueprints of the task, by name.',
    ),
  },
  examples: {
    'A release and nothing else': {
      name: '2026Q4-bare',
      release: '14.2-RELEASE',
      base: { mirrors: ['http://mirror.example.net/releases'] },
    },
    'A web server with PHP, from a repository of our own': {
      name: '2026Q4-php83',
      release: '14.2-RELEASE',
      base: { mirrors: ['http://mirror.example.net/releases'] },
      packages: ['nginx', 'php83'],
      repository: { url: 'http://pkg.example.net/2026Q4', pubkey: '/usr/local/etc/pkg/site.pub' },
    },
    'One more PHP module, today, while instances use it': {
      name: '2026Q4-php83',
      packages: ['php83-gd'],
      repository: { url: 'http://pkg.example.net/2026Q4', pubkey: '/usr/local/etc/pkg/site.pub' },
      amend: true,
      reason: 'Larsen Boats makes thumbnails',
    },
    'Two at once, with a file of our own': {
      release: '14.2-RELEASE',
      base: { url: 'http://mirror.example.net/releases/amd64/amd64/14.2-RELEASE/base.txz' },
      files: [{ path: '/etc/motd.template', content: 'Hosted by Example.\n', mode: '0644' }],
      blueprints: ['2026Q4-static', { name: '2026Q4-mail', directories: ['var/spool/mail'] }],
    },
    'Is it still what it was?': { name: '2026Q4-static', verify: true },
    'Gone, unless an instance uses it': { name: '2026Q4-static', state: 'absent' },
  },

  observe: (options, machine, done) => lookAt(requestsOf(options), siteOf(options), machine, done),

  plan: (options, seen, now) => planBlueprints(requestsOf(options), seen, now),
})
