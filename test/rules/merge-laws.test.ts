/** What holds for every merge, whatever the three sides are. */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { directoriesToList, placesToLook } from '../../modules/rules/merge/compare.ts'
import { planMerge } from '../../modules/rules/merge/plan.ts'
import type { MergePlan, Policy } from '../../modules/rules/merge/plan-shape.ts'
import { stillToDo } from '../../modules/rules/merge/resume.ts'
import { threeTrees } from '../support/merge-arbitraries.ts'
import { file, inputOf, look, merged, perform, plan, stepsOf, type Three, type Tree } from '../support/merge-trees.ts'

const RUNS = { numRuns: 250 }

// A machine that others use too may take its time.
vi.setConfig({ testTimeout: 60_000 })
const policy = fc.constantFrom('keep' as const, 'replace' as const)

const settled = ({ removes, setAside, takes, writes, metadata, copies }: MergePlan) => ({
  removes,
  setAside,
  takes,
  writes,
  metadata,
  copies,
})
const NOTHING = { removes: [], setAside: [], takes: [], writes: [], metadata: [], copies: [] }
const sorted = (tree: Tree) => [...tree].sort(([a], [b]) => (a < b ? -1 : 1))

test('what no customer touched becomes the new blueprint’s, whole', () => {
  fc.assert(
    fc.property(threeTrees, policy, ({ old, new: newer }, policy) => {
      const three = { old, new: newer, own: old }
      expect(plan(three, policy).conflicts).toEqual([])
      expect(sorted(merged(three, policy))).toEqual(sorted(newer))
    }),
    RUNS,
  )
})

test('between equal blueprints there is nothing to do', () => {
  fc.assert(
    fc.property(threeTrees, policy, ({ old, own }, policy) => {
      const given = plan({ old, new: old, own }, policy)
      expect(Object.values(given).flat()).toEqual([])
    }),
    RUNS,
  )
})

test('who has the new blueprint’s files already keeps them', () => {
  fc.assert(
    fc.property(threeTrees, policy, ({ old, new: newer }, policy) => {
      const three = { old, new: newer, own: newer }
      expect({ ...settled(plan(three, policy)), conflicts: plan(three, policy).conflicts }).toEqual({
        ...NOTHING,
        conflicts: [],
      })
    }),
    RUNS,
  )
})

test('every path has one fate, and every conflict is told of a path that differs', () => {
  fc.assert(
    fc.property(threeTrees, policy, (three, policy) => {
      const input = inputOf(three, policy)
      const given = planMerge(input)
      const taken = new Set(given.takes.map(({ path }) => path))
      const fates = [
        ...[...given.removes, ...given.takes, ...given.writes, ...given.metadata, ...given.barred].map(
          ({ path }) => path,
        ),
        ...given.setAside.flatMap(({ path }) => (taken.has(path) ? [] : [path])),
        ...given.kept,
        ...given.same,
        ...given.rebuilt,
      ]
      expect(fates.sort()).toEqual([...input.paths].sort())
    }),
    RUNS,
  )
})

test('each step can be done when its turn comes, and a second merge changes nothing', () => {
  fc.assert(
    fc.property(threeTrees, policy, (three, policy) => {
      const after = merged(three, policy)
      expect(settled(plan({ ...three, own: after }, policy))).toEqual(NOTHING)
    }),
    RUNS,
  )
})

test('cut off between any two steps, or within a copy, it is finished as if it had not been', () => {
  fc.assert(
    fc.property(threeTrees, policy, fc.nat(), fc.boolean(), (three, policy, cut, isTorn) => {
      const input = inputOf(three, policy)
      const whole = planMerge(input)
      const steps = stepsOf(whole)
      const count = cut % (steps.length + 1)
      const half = new Map(perform(three.own, three.new, steps.slice(0, count)))
      const torn = whole.takes[count - whole.removes.length - whole.setAside.length]
      if (isTorn && torn?.kind === 'file' && torn.replaces === undefined) half.set(torn.path, file('half', 0o600))
      const is = look(half, placesToLook(input), directoriesToList(input))
      const finished = perform(half, three.new, stepsOf(stillToDo(whole, input.own, is)))
      expect(sorted(finished)).toEqual(sorted(perform(three.own, three.new, steps)))
    }),
    RUNS,
  )
})

test('no file of a customer’s is lost: it stays, is merged, lies beside, or is as the blueprint has it', () => {
  fc.assert(
    fc.property(threeTrees, policy, (three, policy) => {
      const given = plan(three, policy)
      const after = merged(three, policy)
      const written = new Set([...given.writes, ...given.copies].map(({ path }) => path))
      const [old, newer] = [three.old, three.new]
      const contents = new Set([...after.values()].map(node => (node.kind === 'file' ? node.content : '')))
      for (const [path, node] of three.own) {
        if (node.kind !== 'file' || written.has(path) || given.rebuilt.includes(path)) continue
        const [before, then] = [old.get(path), newer.get(path)]
        const isHis =
          !(before?.kind === 'file' && before.content === node.content) &&
          !(then?.kind === 'file' && then.content === node.content)
        const isSample = [old.get(`${path}.sample`)].some(
          each => each?.kind === 'file' && each.content === node.content,
        )
        const isReplacedCopy =
          given.setAside.some(({ to }) => to === path) || given.databases.some(({ clear }) => clear.includes(path))
        if (isHis && !isSample && !isReplacedCopy) expect(contents).toContain(node.content)
      }
    }),
    RUNS,
  )
})

describe('users and groups', () => {
  type Lines = ReadonlyMap<string, readonly string[]>
  const recordsOf = (tree: Tree, path: string): Lines => {
    const node = tree.get(path)
    const lines = node?.kind === 'file' ? node.content.split('\n') : []
    return new Map(
      lines
        .filter(line => line !== '' && !line.startsWith('#'))
        .map(line => line.split(':'))
        .map(fields => [fields[0] ?? '', fields]),
    )
  }
  const [PASSWORD, UID, GID] = [1, 2, 3]
  const sides = (three: Three, policy: Policy, path: string) => ({
    old: recordsOf(three.old, path),
    newer: recordsOf(three.new, path),
    own: recordsOf(three.own, path),
    after: recordsOf(merged(three, policy), path),
  })

  test('every user and group of the customer’s stays, with its own hash', () => {
    fc.assert(
      fc.property(threeTrees, policy, fc.constantFrom('etc/master.passwd', 'etc/group'), (three, policy, path) => {
        fc.pre(three.own.get(path)?.kind === 'file')
        const { old, own, after } = sides(three, policy, path)
        const his = [...own].filter(([name, fields]) => old.get(name)?.join(':') !== fields.join(':'))
        for (const [name, fields] of his) expect(after.get(name)?.[PASSWORD]).toBe(fields[PASSWORD])
      }),
      RUNS,
    )
  })

  test('nobody gets the uid of a user of the customer’s, and no group its gid', () => {
    fc.assert(
      fc.property(threeTrees, policy, fc.constantFrom('etc/master.passwd', 'etc/group'), (three, policy, path) => {
        const { newer, own, after } = sides(three, policy, path)
        const id = (records: Lines, name: string) => records.get(name)?.[UID]
        for (const name of after.keys()) {
          if (id(own, name) === id(after, name)) continue
          const sharing = [...after.keys()].filter(other => other !== name && id(after, other) === id(after, name))
          expect(sharing.filter(other => own.has(other) && id(newer, other) !== id(after, other))).toEqual([])
        }
      }),
      RUNS,
    )
  })

  test('nobody gets into a group of the customer’s by its number', () => {
    fc.assert(
      fc.property(threeTrees, policy, (three, policy) => {
        const [users, groups] = [sides(three, policy, 'etc/master.passwd'), sides(three, policy, 'etc/group')]
        fc.pre(['etc/master.passwd', 'etc/group'].every(path => three.own.get(path)?.kind === 'file'))
        const strangers = [...users.after].filter(([name, fields]) => users.own.get(name)?.[GID] !== fields[GID])
        for (const [, { [GID]: gid }] of strangers) {
          const named = [...groups.after].filter(([, fields]) => fields[UID] === gid).map(([name]) => name)
          const isNew = (name: string) => groups.newer.get(name)?.[UID] === gid
          if (named.length > 0) expect(named.filter(name => !groups.own.has(name) || isNew(name))).not.toEqual([])
        }
      }),
      RUNS,
    )
  })

  test('no hash is in anything that may be shown', () => {
    fc.assert(
      fc.property(threeTrees, policy, (three, policy) => {
        const { writes, ...shown } = plan(three, policy)
        const open = writes.filter(({ isSecret }) => !isSecret)
        expect(JSON.stringify([shown, open])).not.toContain('$6$')
      }),
      RUNS,
    )
  })
})
