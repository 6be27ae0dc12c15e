import { describe, expect, test } from 'vitest'
import { parseJails, parseJailsInFull } from '../../modules/freebsd/jls.ts'
import { linesOf, printed } from './transcript.ts'

const said = (words: string) => linesOf('03-jails').find(({ cmd }) => cmd === words)?.stdout ?? ''

describe('jails by name', () => {
  test('the fields asked for are strings, booleans too', () => {
    expect(
      parseJails(said('jls -d --libxo json name dying').replace('"name"', '"path":"/jails/web1/root","name"')),
    ).toEqual([{ name: 'web1', path: '/jails/web1/root', isDying: false }])
    expect(parseJails(said('jls -N; jls; jls --libxo json').split('\n').at(-2) ?? '')).toEqual([])
  })
})

describe('jails in full', () => {
  const [web1, ...others] = parseJailsInFull(said('jls --libxo json,pretty -n -j web1'))

  test('jail-7: with -n booleans are booleans, all else is text, and all becomes text', () => {
    expect(others).toEqual([])
    expect(web1).toMatchObject({ name: 'web1', path: '/jails/web1/root', jid: '5', isDying: false })
    expect(Object.fromEntries(web1?.parameters ?? [])).toMatchObject({
      'allow.reserved_ports': 'true',
      'allow.mount': 'false',
      enforce_statfs: '2',
      sysvshm: 'disable',
      'ip4.addr': '',
      'host.hostname': 'fbsd.test',
    })
  })

  test('jail-7: the same names as the plain form prints', () => {
    const plain = printed('03-jails', /^devfs_ruleset=4 nodying/)[0]?.split(' ') ?? []
    const names = plain.map(word => word.split('=', 1)[0]?.replace(/(^|\.)no(?!des)([^.]*)$/, '$1$2'))
    expect([...(web1?.parameters.keys() ?? [])]).toEqual(names)
  })

  test('no jail at all', () => {
    expect(parseJailsInFull('{"__version": "2", "jail-information": {"jail": []}}\n')).toEqual([])
  })

  test.each(['', 'web1', '{}', '{"jail-information": {"jail": [{"name": "x"}]}}'])('%j is no list of jails', text => {
    expect(() => parseJailsInFull(text)).toThrow("cannot read what 'jls -d -n --libxo json' printed")
  })
})
