/** The cases of zfs.md §3 that are about one property, by number. */
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { compareProperty, createdVolsize, looksRelocated } from '../../modules/rules/dataset/properties.ts'
import { DB, decide, filesystem, knows, ON_2_2, volume } from './datasets-of-a-host.ts'

/** The case, what a playbook says, what `zfs get` shows of that property (and of others), and what follows. */
const FILESYSTEM = `
1 | recordsize: 16K | 16384 local | same
2 | recordsize: 16384 | 16384 local | same
3 | recordsize: 1M | 131072 default | set recordsize=1048576
4 | recordsize: 100K | | no: recordsize cannot be 100K: it is a power of 2 from 512B to 16M.
5 | quota: none | none default | same
6 | quota: 0 | none local | same
6 | quota: 0 | 1073741824 local | set quota=none
7 | quota: 1.5T | 1649267441664 local | same
8 | quota: 10G | 10737418240 local; used 99737418240 - | same
9 | quota: 5G | 10737418240 local; used 8589934592 - | no: quota cannot become 5G: 8G are in use (used). Free space, or choose a larger one.
9 | quota: 9G | 10737418240 local; used 8589934592 - | set quota=9663676416
9 | refquota: 8G | none default; referenced 8589934593 - | no: refquota cannot become 8589934592 bytes: 8589934593 bytes are in use (referenced). Free space, or choose a larger one.
10 | filesystem_limit: none | none default | same
10 | filesystem_limit: 0 | none default | set filesystem_limit=0
10 | snapshot_limit: "18446744073709551615" | none local | same
11 | refreservation: auto | | no: refreservation cannot be 'auto' on a filesystem: that is for volumes.
18 | casesensitivity: insensitive | | no: casesensitivity is fixed when a filesystem is created; it is sensitive here, not insensitive. Make a new one and copy what is in it.
18 | utf8only: true | | no: utf8only is fixed when a filesystem is created; it is off here, not on. Make a new one and copy what is in it.
18 | normalization: none | | same
18 | encryption: on | aes-256-gcm - | same
18 | encryption: aes-128-gcm | off default | no: encryption is fixed when a filesystem is created; it is off here, not aes-128-gcm. Make a new one and copy what is in it.
18 | keyformat: hex | passphrase - | no: keyformat is fixed when a filesystem is created; it is passphrase here, not hex. Use 'zfs change-key'.
19 | compression: gzip-6 | gzip local | same
20 | compression: on | lz4 local | set compression=on
21 | compression: zstd-3 | zstd local | set compression=zstd-3
21 | compression: zstd | zstd-3 local | set compression=zstd
22 | acltype: posixacl | posix local | same
22 | acltype: noacl | off local | same
22 | acltype: disabled | off received | same
23 | aclinherit: secure | restricted local | same
24 | xattr: dir | on local | same
24 | xattr: sa | on local | set xattr=sa
26 | dnodesize: 1K | 1k local | same
26 | dnodesize: 3k | | no: dnodesize cannot be '3k'. Did you mean '1k'? Possible: legacy, auto, 1k, 2k, 4k, 8k, 16k.
27 | atime: false | off local | same
27 | atime: no | on local | set atime=off
28 | compression: lz4 | lz4 inherited from zroot | set compression=lz4
28 | readonly: false | off default | set readonly=off
29 | compression: lz4 | lz4 received | same
30 | compression: inherit | lz4 local | inherit compression
30 | compression: null | lz4 received | inherit compression
31 | compression: null | lz4 inherited from zroot | same
31 | compression: inherit | on default | same
31 | "com.example:note": null | | same
32 | atime: true | off temporary | same, but atime is off through a mount option, so whether on is set here or inherited cannot be seen.
32 | atime: false | off temporary | set atime=off
32 | atime: null | off temporary | same, but atime is off through a mount option, so whether it is inherited cannot be seen, and it is left alone.
34 | mountpoint: /data/ | /data local | same
34 | mountpoint: /data | /data/ local | same
35 | mountpoint: /tank/a | /tank/a inherited from tank | same
35 | mountpoint: /tank/a | /tank/a default | same
36 | mountpoint: legacy | legacy local | same
36 | mountpoint: none | none inherited from zroot | same
37 | mountpoint: /x | legacy local; jailed on local | no: mountpoint cannot be changed from the host while jailed is on. Change it inside the jail, or set jailed to off in a task before.
37 | mountpoint: legacy | legacy local; jailed on local | same
37 | mountpoint: null | legacy local; jailed on inherited from zroot | no: mountpoint cannot be changed from the host while jailed is on. Change it inside the jail, or set jailed to off in a task before.
37 | sharenfs: false | off default; jailed on local | no: sharenfs cannot be changed from the host while jailed is on. Change it inside the jail, or set jailed to off in a task before.
38 | canmount: noauto | on default | set canmount=noauto
38 | canmount: true | on default | same
38 | canmount: null | | no: canmount cannot be inherited: give a value, or leave it out.
38 | quota: inherit | | no: quota cannot be inherited: write 'none'.
39 | sharenfs: -network 10.0.0.0/8 | -network 10.0.0.0/8 local | same
39 | sharenfs: -network 10.0.0.0/8 | off default | set sharenfs=-network 10.0.0.0/8
40 | userquota@alice: 10G | 10737418240 local | same
40 | userquota@alice: 0 | none local | same
40 | userquota@alice: none | 5 local | set userquota@alice=none
40 | userquota@bob: 1G | - - | no: userquota@bob cannot be read: does this host know that user, group or project?
41 | "com.example:note": "a\\tb\\n" | a\tb\n local | same
41 | "com.example:note": "-" | - local | same
41 | "com.example:note": a | a inherited from zroot | set com.example:note=a
41 | "com.example:note": true | | set com.example:note=true
42 | keylocation: file:///k | none default; encryption aes-256-gcm -; encryptionroot zroot - | no: keylocation belongs to zroot, whose key this dataset uses. Set it there.
42 | keylocation: file:///k | prompt local; encryption aes-256-gcm -; encryptionroot ${DB} - | set keylocation=file:///k
42 | keylocation: none | prompt local; encryption aes-256-gcm -; encryptionroot ${DB} - | no: keylocation cannot be 'none': the dataset is encrypted.
42 | keylocation: prompt | | no: keylocation cannot be 'prompt': the dataset is not encrypted.
49 | longname: true | | no: longname needs OpenZFS 2.3; this host has 2.2.
49 | snapdir: disabled | | no: snapdir cannot be 'disabled'. Possible: hidden, visible.
49 | compresion: lz4 | | no: there is no property 'compresion' in OpenZFS 2.2. Did you mean 'compression'? One of your own has a colon in its name, like 'site:compresion'.`

const VOLUME = `
11 | refreservation: auto | 10952166605 local | same
11 | refreservation: auto | none default | set refreservation=auto, then undefined
12 | volsize: 10G | 10737418240 local | same
13 | volsize: 1000001K | 1024016384 local | same
14 | volsize: 1000001K | 1048576 local | no: volsize cannot become 1000001K: it must be a multiple of the volume's block size, 16K.
15 | volsize: 5G | 10737418240 local | no: volsize would shrink from 10G to 5G, and what lies beyond is lost. If that is meant, say allow_shrink: true.
15 | volsize: 20G | 10737418240 local | set volsize=21474836480
16 | volblocksize: 16K | 16384 - | same
17 | volblocksize: 8K | 16384 - | no: volblocksize is fixed when a volume is created; it is 16K here, not 8K. Make a new one and copy what is in it.
25 | volmode: geom | full local | same`

function casesOf(table: string) {
  return table
    .split(/\n(?=\d+ \|)/)
    .slice(1)
    .map(row => {
      const [number = '', wanted = '', shown = '', expected = ''] = row.split(/ ?\| ?/)
      const [name = '', value] =
        Object.entries(parse(wanted) as Record<string, string | number | boolean | null>)[0] ?? []
      const [own = '', ...others] = shown.split('; ')
      const states = Object.fromEntries(
        others.map(other => [other.split(' ', 1)[0], other.slice(other.indexOf(' ') + 1)]),
      )
      return {
        number,
        name,
        value: value ?? null,
        wanted,
        shown,
        expected,
        states: own === '' ? states : { [name]: own, ...states },
      }
    })
}

describe('an existing filesystem', () => {
  test.each(casesOf(FILESYSTEM))(
    'zfs.md §3 case $number: $wanted where it shows $shown',
    ({ name, value, states, expected }) => {
      expect(decide(filesystem(states), name, value)).toBe(expected)
    },
  )
})

describe('an existing volume', () => {
  test.each(casesOf(VOLUME))(
    'zfs.md §3 case $number: $wanted where it shows $shown',
    ({ name, value, states, expected }) => {
      expect(decide(volume(states), name, value)).toBe(expected)
    },
  )
})

describe('it depends', () => {
  test('zfs-5 an equal quota is never set again, however much is used', () => {
    expect(decide(filesystem({ quota: '10737418240 local', used: '10737418240 -' }), 'quota', '10G')).toBe('same')
  })

  test('zfs.md §3 case 15: a volume shrinks if that is allowed', () => {
    expect(decide(volume(), 'volsize', '5G', { allowShrink: true })).toBe('set volsize=5368709120')
  })

  test('zfs-6 a change of volsize takes refreservation along, so a wanted one goes into the same command', () => {
    const growing = { volsize: '21474836480' }
    expect(decide(volume(), 'refreservation', '10952166605')).toBe('same')
    expect(decide(volume(), 'refreservation', '10952166605', growing)).toBe('set refreservation=10952166605')
    expect(decide(volume(), 'refreservation', 'auto', growing)).toBe('set refreservation=auto, then undefined')
    expect(decide(volume({ refreservation: 'none default' }), 'refreservation', 'none', growing)).toBe('same')
    expect(decide(volume(), 'refreservation', 'auto', { volsize: '10737418239' })).toBe('same')
  })

  test('zfs.md §3 case 13: a new volume gets whole blocks', () => {
    expect(createdVolsize('1024001024')).toBe('1024016384')
    expect(createdVolsize('1024001024', '8192')).toBe('1024008192')
    expect(createdVolsize('16384')).toBe('16384')
  })

  test('zfs.md §3 case 24: what xattr=on and sa mean depends on the version', () => {
    expect(decide(filesystem({ xattr: 'on local' }), 'xattr', 'sa', { known: knows('2.3') })).toBe('same')
    expect(decide(filesystem({ xattr: 'sa local' }), 'xattr', 'on', { known: knows('2.4') })).toBe('same')
    expect(decide(filesystem({ xattr: 'dir local' }), 'xattr', 'on', { known: knows('2.4') })).toBe('set xattr=sa')
  })

  test('zfs.md §3 case 28: in effect is enough where only that was asked for', () => {
    expect(decide(filesystem(), 'compression', 'lz4', { settings: 'effective' })).toBe('same')
    expect(decide(filesystem(), 'compression', 'zstd', { settings: 'effective' })).toBe('set compression=zstd')
  })

  test('zfs.md §3 case 30: back to the received value only on request', () => {
    expect(decide(filesystem({ compression: 'lz4 local' }), 'compression', null, { received: true })).toBe(
      'inherit -S compression',
    )
    expect(decide(filesystem({ compression: 'lz4 received' }), 'compression', null, { received: true })).toBe('same')
  })

  test('zfs.md §3 case 33: an alternate root stands before every mountpoint that zfs shows', () => {
    const moved = filesystem({ mountpoint: '/mnt/data local' })
    expect(decide(moved, 'mountpoint', '/data', { altroot: '/mnt' })).toBe('same')
    expect(decide(moved, 'mountpoint', '/b', { altroot: '/mnt' })).toBe('set mountpoint=/b, then /mnt/b')
    expect(decide(moved, 'mountpoint', 'none', { altroot: '/mnt' })).toBe('set mountpoint=none')
    expect(decide(filesystem({ mountpoint: '/mnt local' }), 'mountpoint', '/', { altroot: '/mnt' })).toBe('same')
    const relocated = (value: string) => looksRelocated({ property: 'mountpoint', value }, moved)
    expect(['/data', '/', '/mnt/data', '/other', 'none'].map(relocated)).toEqual([true, true, false, false, false])
  })

  test('zfs.md §3 case 49: the version is named', () => {
    expect(decide(filesystem(), 'defaultuserquota', '1G', { known: knows('2.3') })).toBe(
      'no: defaultuserquota needs OpenZFS 2.4; this host has 2.3.',
    )
  })

  test('what else ZFS would refuse is refused before', () => {
    expect(decide(filesystem(), 'version', 4)).toBe('no: version cannot go down from 5 to 4.')
    expect(decide(filesystem(), 'version', 'current')).toBe('same')
    expect(decide(filesystem({ encryption: 'aes-256-gcm -' }), 'copies', 3)).toBe(
      'no: copies cannot be 3: the dataset is encrypted.',
    )
  })

  test('what a locked dataset does not show is not guessed', () => {
    const locked = filesystem({ keystatus: 'unavailable -', utf8only: '- -' })
    expect(decide(locked, 'utf8only', 'on')).toBe(
      'no: utf8only cannot be read on this filesystem. Its key is not loaded: load it first.',
    )
  })

  test('a property this host lacks is refused also where it was not asked about before', () => {
    const decision = compareProperty({ property: 'nonsense', value: '1' }, filesystem(), { known: ON_2_2 })
    expect(decision).toEqual({ kind: 'refuse', reason: "there is no property 'nonsense' on this host." })
  })
})
