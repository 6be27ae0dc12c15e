/** All that an imitated machine remembers, as plain data that survives JSON. */
import type { Kernel } from './kernel.ts'

export interface Pool {
  readonly name: string
  readonly guid: string
  /** Bytes of its disks. */
  readonly size: number
  readonly devices: string[]
  altroot?: string
  /** When the last scrub ended, in seconds since 1970. */
  scrubbed?: number
  /** Since when it is being resilvered, in seconds since 1970. */
  resilvering?: number
  /** What `zpool set` or `zpool create -o` gave it. */
  readonly properties: Record<string, string>
}

export interface Snapshot {
  /** Without the dataset: what follows the `@`. */
  name: string
  readonly guid: string
  readonly createtxg: number
  /** Seconds since 1970. */
  readonly creation: number
  readonly storage: string
  /** Bytes its dataset referenced when it was taken. */
  readonly referenced: number
  /** The dataset's fingerprint when it was taken: tells whether anything was written since. */
  readonly fingerprint: string
  /** Tag to time of the hold. */
  readonly holds: Record<string, number>
  readonly properties: Record<string, string>
  /** `zfs destroy -d`: goes with its last clone or hold. */
  deferred?: true
}

export interface Bookmark {
  readonly name: string
  readonly guid: string
  readonly createtxg: number
  readonly creation: number
}

export interface Dataset {
  name: string
  readonly type: 'filesystem' | 'volume'
  readonly guid: string
  readonly createtxg: number
  readonly creation: number
  readonly objsetid: number
  readonly storage: string
  /** What `zfs set` or `zfs create -o` gave it, in stored form (bytes, first name of an index value). */
  readonly local: Record<string, string>
  /** What a replication stream gave it; a local value or a name in `hidden` (by `zfs inherit`) goes before it. */
  readonly received: Record<string, string>
  readonly hidden: string[]
  /** What was decided at creation and stays: casesensitivity, volblocksize, encryption, … */
  readonly fixed: Record<string, string>
  /** `storage` of the snapshot it is a clone of: its guid is in every copy. */
  origin?: string
  /** Its files were made those of a snapshot: as long as they have this fingerprint, they count as having `as`. */
  restored?: { readonly fingerprint: string; readonly as: string }
  readonly snapshots: Snapshot[]
  readonly bookmarks: Bookmark[]
  /** Of an encryption root: the key as it was given, and whether it is loaded. */
  key?: { secret: string; loaded: boolean }
  /** When one of its snapshots last came, went or was renamed (dsl_dir_snap_cmtime_update). */
  snapshotsChanged?: number
  /** An unfinished `zfs receive -s`, or a stream that was cut. */
  resumeToken?: string
  /** `zfs allow`: who to permissions. */
  readonly allows: Record<string, string[]>
}

export interface Mount {
  readonly id: string
  readonly special: string
  readonly node: string
  readonly fstype: string
  /** `-o` options as given at the mount: `ro`, `nosuid`, …; a fixed mount's flags, as mount(8) prints them. */
  options: string[]
  /** What the tree was told last. */
  isReadonly?: boolean
  /** The mount that its mount point lies in, and (nullfs) the one its source lies in. Either makes that one busy. */
  readonly parent?: string
  readonly lower?: string
  /** Part of the machine from the start (`/`, devfs, …): shown and counted, but nothing is done to the tree for it. */
  readonly fixed?: true
  /** Of what is there only while it is mounted (devfs, tmpfs): goes with the mount. */
  readonly storage?: string
}

export interface State {
  readonly format: 1
  /** OpenZFS: decides which properties exist. */
  readonly zfsVersion: string
  /** Grows with every change; `createtxg` comes from it. */
  txg: number
  /** Source of guids and identifiers, so that a saved machine goes on where it was. */
  serial: number
  readonly pools: Pool[]
  readonly datasets: Dataset[]
  mounts: Mount[]
  readonly sysctls: Record<string, string>
  /** Filled when it is first looked at: `kernelOf` (kernel.ts). */
  kernel?: Kernel
}
