import { describe, expect, test } from 'vitest'
import { describeStep } from '../../modules/core/step.ts'
import { lastLines } from '../../modules/freebsd/console-log.ts'
import { modifyJail, removeJail, startJail, stopJail } from '../../modules/freebsd/jail.ts'
import {
  closestParameter,
  listParameters,
  parameterNamed,
  usualParameters,
} from '../../modules/freebsd/jail-parameters.ts'
import { linesOf, printed } from './transcript.ts'
import { machineThatSays } from './zfs-transcript.ts'

const CONF = '/etc/jail.conf.d/web1.conf'

describe('commands', () => {
  test('jail-1: starting and stopping always name the file', () => {
    expect(describeStep(startJail('web1', CONF, 10))).toBe(`jail -f ${CONF} -c web1`)
    expect(describeStep(stopJail('web1', CONF, 10))).toBe(`jail -f ${CONF} -r web1`)
    const commands = linesOf('03-jails').flatMap(({ cmd }) => cmd?.split('; ') ?? [])
    for (const step of [startJail('web1', CONF, 10), stopJail('web1', CONF, 10)])
      expect(commands).toContain(describeStep(step))
  })

  test('live-2: removing without a file runs nothing of the configuration', () => {
    expect(describeStep(removeJail('web1'))).toBe('jail -R web1')
  })

  test('jail-10: a change names the jail and what differs, switches without a value', () => {
    const step = modifyJail('web1', [
      { parameter: 'children.max', kind: 'number', value: '2' },
      { parameter: 'allow.mlock', kind: 'switch', value: 'true' },
      { parameter: 'allow.mount.zfs', kind: 'switch', value: 'false' },
    ])
    expect(describeStep(step)).toBe('jail -m name=web1 children.max=2 allow.mlock allow.mount.nozfs')
  })
})

describe('parameters', () => {
  test('jail-7: every one that jls -n shows is known, and its default is what a jail has that nobody set it for', () => {
    const words = printed('03-jails', /^devfs_ruleset=4 nodying/)[0]?.split(' ') ?? []
    const shown = new Map(
      words.map(word => {
        const [name = '', value] = word.split('=')
        const found = parameterNamed(name)
        expect(found, name).toBeDefined()
        return [found?.parameter.name, value ?? String(!found?.isNegated)] as const
      }),
    )
    // That jail's file had `devfs_ruleset = 4`.
    const usual = usualParameters.filter(({ name }) => shown.has(name) && name !== 'devfs_ruleset')
    expect(usual.length).toBeGreaterThan(25)
    for (const parameter of usual)
      expect([parameter.name, shown.get(parameter.name)]).toEqual([parameter.name, parameter.usual])
  })

  test('every one that the kernel of the transcripts lists is known', async () => {
    const stdout = linesOf('08-host').find(({ cmd }) => cmd?.includes('security.jail.param | head'))?.stdout ?? ''
    const machine = machineThatSays(() => ({ stdout }))
    const listed = await listParameters(machine)
    expect(listed).toContain('allow.mount.fdescfs')
    expect(machine.asked).toEqual(['sysctl security.jail.param'])
    expect([...listed].filter(name => parameterNamed(name) === undefined)).toEqual([])
  })

  test('`no` before the last part negates a switch, and nothing else', () => {
    expect(parameterNamed('allow.nomount')).toMatchObject({ parameter: { name: 'allow.mount' }, isNegated: true })
    expect(parameterNamed('mount.nodevfs')).toMatchObject({ parameter: { name: 'mount.devfs' }, isNegated: true })
    expect(parameterNamed('nosecurelevel')).toBeUndefined()
  })

  test('a misspelt one is near the one that was meant', () => {
    expect(closestParameter('allow.raw_socket')).toBe('allow.raw_sockets')
  })
})

describe('the end of a console log', () => {
  test('is a few lines of plain text, whatever a customer wrote there', () => {
    const lines = [
      'first',
      ...Array.from({ length: 30 }, (_, index) => `line ${index}`),
      '\u001b[2J\u001b]0;title\u0007red\u0000',
      '',
      'x'.repeat(900),
    ]
    const shown = lastLines(lines.join('\n'))
    expect(shown).toHaveLength(10)
    expect(shown.at(-1)).toHaveLength(300)
    expect(shown.at(-2)).toMatch(/^[ -~]*red$/)
    expect(shown.join('')).toMatch(/^[ -~]*$/)
  })

  test('an empty log has none', () => expect(lastLines('\n\n')).toEqual([]))
})
