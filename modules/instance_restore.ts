/** An instance, datasets or files of it are as they were at a moment, from its own snapshots or from a copy. */
import { defineModule } from './core/module.ts'
import { flag, listOf, mapping, optional, record, text, withDefault } from './core/options.ts'
import { lookAt } from './rules/restore/look.ts'
import { planRestore } from './rules/restore/plan.ts'
import { requestOf } from './rules/restore/requests.ts'
import { siteOptions } from './rules/site.ts'

export default defineModule({
  name: 'instance_restore',
  summary: 'An instance, datasets or files of it are as they were at a moment',
  description: [
    "Takes the newest snapshot that is not later than `as_of` and that all of the datasets have, so that they are of one moment, and says which. Newer ones that some of them lack are named, and not passed over where all of an instance is to take the place of what is there: that is refused, unless `snapshot` says it. Where there is none in common, each is of its own newest, and that is said. It comes from the instance's own snapshots, or with `from` from a copy on this host, which itself stays as it is.",
    'All of an instance is what its fstab mounts. What no policy takes snapshots of, as `tmp`, does not decide the moment: where it has no snapshot of that, it stays as it is, and is named; of a copy, where it is not there, it is of its own newest.',
    'Without `in_place` nothing that the instance has is touched: datasets appear beside the present ones, read-only, below the directory of the instance (`/hosting/instances/ID/var-db-restored-TIME`), and files in it, in `restored-TIME` of the dataset that they are of.',
    'With `in_place`, datasets are replaced while the instance is stopped: what is there is renamed to `NAME-before-TIME` and kept. What takes its place is mounted by the layout of the instance, never as the copy was. Files are replaced while it runs; each that is there is renamed to `NAME.replaced-TIME`.',
    'All datasets are out of their places before the first comes to its own, so that of then and now the instance does not start: while one is missing, jail(8) cannot, and M(bluejail.hosting.instance_mounts) refuses it. The same task once more brings that to its end.',
    'Files are read from the snapshot without following a link, and written through the jail of the instance, where none leads out.',
  ],
  notes: [
    'Stopping, starting and the properties of the layout are the affair of the playbook restore.yml, which uses this.',
    'The way back, with the instance stopped, is three commands: `zfs rename zroot/hosting/instances/web1/var-db zroot/hosting/instances/web1/var-db-before-NOW`, `zfs rename` of `…/var-db-before-TIME` to `…/var-db`, and `zfs promote zroot/hosting/instances/web1/var-db`, by which it has its older snapshots again. NOW is written as TIME is, like `20261120T161500Z`: what has another name counts as a dataset of the instance. After a restore from a copy the last is refused, and not needed. Nothing destroys what was kept; that is left to its operator.',
    'A replica of a dataset that went back in time does not fit any more: it is told by M(bluejail.hosting.zfs_replica), and set aside where that is to rotate. Its snapshots of the time between stay there.',
  ],
  options: {
    id: text("The instance's id. With `from`, it may be one that is not there yet."),
    parts: optional(
      listOf(
        text('A path in the instance, like `var/db/mysql`, or the name of its dataset.'),
        'Whole datasets of it. Default: all that its fstab mounts, or with `from`, that the copy has.',
      ),
    ),
    files: optional(
      listOf(
        text('A path in the instance, like `home/anna/site`.'),
        'Files and directories, in place of whole datasets.',
      ),
    ),
    as_of: optional(
      text(
        'The moment, like `2026-11-20 14:00`, or with an offset `2026-11-20T14:00:00+01:00`. Default: the newest there is.',
      ),
    ),
    timezone: withDefault(text('Of which time zone `as_of` is, where it has no offset.'), 'UTC'),
    snapshot: optional(text('The name of the snapshot itself, without the dataset, in place of `as_of`.')),
    from: optional(
      text("The copy of the instance's dataset that it is restored from, like `zroot/copies/hamburg1/instances/web1`."),
    ),
    adopt: withDefault(
      flag(
        'With `from`: the copy was only brought here to be restored from. What is made of it takes over its snapshots, and the copy can be destroyed afterwards.',
      ),
      false,
    ),
    in_place: withDefault(flag('Into the place of what is there now.'), false),
    ...siteOptions,
  },
  state: {
    parts: mapping(
      record(
        {
          snapshot: text('What it is restored from.'),
          taken: text('When that was taken.'),
          is_restored: flag(
            'Whether it is as it was then, and has had no snapshot since. With `files`: whether they were put there, as they may have been changed since.',
          ),
          place: text('The dataset, or with `files` the directory in the instance.'),
        },
        'A dataset of the instance.',
      ),
      'The datasets that the task is about, by name.',
    ),
  },
  examples: {
    'Files of an afternoon, beside what is there': {
      id: 'web1',
      files: ['usr/local/www/site', 'etc/rc.conf'],
      as_of: '2026-11-20 14:00',
      timezone: 'Europe/Berlin',
    },
    'A file in its place': { id: 'web1', files: ['etc/rc.conf'], as_of: '2026-11-20 14:00', in_place: true },
    'A database in its place, while the instance is stopped': {
      id: 'web1',
      parts: ['var/db/mysql'],
      as_of: '2026-11-20 14:00',
      in_place: true,
    },
    'A dataset beside the present one': { id: 'web1', parts: ['home'], snapshot: 'auto-20261120T130000Z' },
    'All of an instance, from its replica on this host': {
      id: 'web1',
      from: 'zroot/copies/hamburg1/instances/web1',
      in_place: true,
    },
  },

  observe: (options, machine) => lookAt(requestOf(options), machine),
  plan: (options, world, now) => planRestore(requestOf(options), world, now),
})
