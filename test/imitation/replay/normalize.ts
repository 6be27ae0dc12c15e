/**
 * What may differ between a transcript and its replay: identifiers, times, sizes, what was mounted before anything began,
 * and how the tools of the host's own Unix word their complaints. Applied to both sides.
 */
export function normalize(text: string): string {
  return text
    .replace(/ {6}\{\n +"special": "zroot\/ROOT\/default",[^}]*\},\n/, '')
    .split('\n')
    .filter(line => !FOREIGN.some(pattern => pattern.test(line)))
    .map(line => REPLACED.reduce((seen, [pattern, by]) => seen.replace(pattern, by), line))
    .join('\n')
}

/** Lines that belong to the one host or the other, and not to what is replayed. */
const FOREIGN = [
  // Mounted from the start: the transcripts' host boots from UFS and has Linux file systems; the sandbox host's is ZFS.
  /^(\/dev\/vtbd0|zroot\/ROOT\/default)\s+(on )?\/\s/,
  /^(linprocfs|linsysfs|fdescfs|tmpfs)\s.*\/compat\/linux/,
  /^devfs\s+(on )?\/dev\s/,
  // time(1), whose measures are of that host.
  /^ +\d+\.\d+ real +\d+\.\d+ user +\d+\.\d+ sys$/,
  // A public key.
  /^([A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{0,63}IDAQAB)$/,
  // A sender whose receiver went away is told so by a signal; here the whole stream was written before.
  /^warning: cannot send '.*': signal received$/,
]

/** Properties whose values are sizes, identifiers or moments. */
const MEASURED =
  'used|available|referenced|written|logicalused|logicalreferenced|usedby\\w+|createtxg|creation|objsetid|guid|load_guid|size|free|allocated|capacity'

const REPLACED: readonly [pattern: RegExp, by: string][] = [
  [/\b1-[0-9a-f]+-[0-9a-f]+-[0-9a-f]{20,}/g, 'TOKEN'],
  [new RegExp(`\\t(${MEASURED})\\t[^\\t]+`, 'g'), '\t$1\tMEASURED'],
  [/\b\d{16,20}\b/g, 'GUID'],
  [/\b1[78]\d{8}\b/g, 'SECONDS'],
  // Link addresses are made up; that host ran a beta of its release.
  [/\b(ether|hwaddr) (02|58:9c:fc)(:[0-9a-f]{2})+$/, '$1 ETHER'],
  [/\b14\.2-(BETA1|RELEASE)\b/g, 'RELEASE'],
  [/\[\d+\](?=: )/, '[PID]'],
  // GNU coreutils put the name of the thing in quotes and say what they could not do.
  [/^(\w+): cannot \w+ '(.*)': /, '$1: $2: '],
  [/^(ls|cp|cat): cannot access '(.*)': /, '$1: $2: '],
  // A dot a step: how many there are depends on how fast it went.
  [/(: )\.+( done)$/, '$1.$2'],
  [/^-----(BEGIN|END) PUBLIC KEY-----$/, 'KEY'],
  // Whether a core was dumped is up to the limits of the shell.
  [/^(Segmentation fault) \(core dumped\)$/, '$1'],
  // wc(1) of BSD has columns.
  [/^ +(\d+)( .*)?$/, '$1$2'],
]

/** As another shell on another Unix needs the command: nothing is taken from what FreeBSD's own programs are told. */
export function prepare(cmd: string): string {
  return (
    cmd
      .replace(/\btime (?=\S)/g, '')
      .replace(/\bbs=1m\b/g, 'bs=1M')
      .replace(/\bsed -i ''/g, 'sed -i')
      // To root, ls(1) of BSD shows all names.
      .replace(/\bls (?=\/)/g, 'ls -A ')
      // Streams are short here.
      .replace(/\bhead -c \d+/g, 'head -c 4000')
      .replace(/\bsleep (\d+)/g, (_, seconds) => `sleep ${Number(seconds) / 10}`)
  )
}

/** All numbers alike: for tables of sizes and identifiers. */
export const withoutNumbers = (text: string) =>
  text.replace(/\b(0x[0-9a-f]+|\d+(\.\d+)?[KMG]?)\b/g, 'N').replace(/ +/g, ' ')

/** In another order: children are listed as their directory's hash has them (zap), which is not imitated. */
export const inOrder = (text: string) => text.split('\n').sort().join('\n')
