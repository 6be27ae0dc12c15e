import { expect, test } from 'vitest'
import { parseKenv } from '../../modules/freebsd/kenv.ts'
import { parseLoaded } from '../../modules/freebsd/kld.ts'

/** 08-host.jsonl, line 15, and what printfile and printmod of sbin/kldstat/kldstat.c add to it with -v. */
const HEAD = 'Id Refs Address                Size Name\n'
const NULLFS = '11    1 0xffffffff81679000     4850 nullfs.ko'

test('files and the modules in them, also those of the kernel itself', () => {
  const printed =
    `${HEAD} 1   69 0xffffffff80200000  1d345b0 kernel (/boot/kernel/kernel)\n` +
    '\tContains modules:\n\t\tId Name\n\t\t 1 ether\n\t\t 2 pci/em\n' +
    `${NULLFS} (/boot/kernel/nullfs.ko)\n\tContains modules:\n\t\t Id Name\n\t\t512 nullfs\n`
  expect([...parseLoaded(printed)]).toEqual(['kernel', 'ether', 'em', 'if_em', 'nullfs'])
})

test('anything else stops', () => {
  expect(() => parseLoaded(`${HEAD}${NULLFS}\n`)).toThrow(/cannot read what 'kldstat -v' printed/)
  expect(() => parseKenv('kern.racct.enable=1\n')).toThrow(/cannot read what 'kenv' printed/)
})

test('what the loader handed over', () =>
  expect([...parseKenv('kern.racct.enable="1"\nsmbios.bios.vendor="A "B" C"\n')]).toEqual([
    ['kern.racct.enable', '1'],
    ['smbios.bios.vendor', 'A "B" C'],
  ]))
