/** What is done to the host's own interfaces. */
import { describe, expect, test } from 'vitest'
import { describeStep } from '../../modules/core/step.ts'
import {
  addAddress,
  addMember,
  createBridge,
  createVlan,
  removeAddress,
  setMtu,
  splitVlan,
} from '../../modules/freebsd/ifconfig-network.ts'

describe('steps', () => {
  test('net-1 net-3 names of FreeBSD are made as they are, others are given', () => {
    expect(
      [createBridge('bridge7'), createBridge('hosting0'), createVlan('em0.100', 'a note')].map(describeStep),
    ).toEqual([
      'ifconfig bridge7 create',
      'ifconfig bridge create name hosting0',
      "ifconfig em0.100 create descr 'a note' up",
    ])
    expect(splitVlan('em0.100')).toEqual({ parent: 'em0', tag: 100 })
    expect(splitVlan('em0')).toBeUndefined()
  })

  test('net-2 addresses go beside those that are there', () => {
    expect(
      [
        addAddress('hosting0', '10.66.0.1/24'),
        addAddress('hosting0', 'fd00::1/64'),
        removeAddress('hosting0', '10.66.0.2/32'),
      ].map(describeStep),
    ).toEqual([
      'ifconfig hosting0 inet 10.66.0.1/24 alias',
      'ifconfig hosting0 inet6 fd00::1/64 alias',
      'ifconfig hosting0 inet 10.66.0.2 -alias',
    ])
  })

  test('net-1 what cannot be is explained', () => {
    expect(setMtu('em0', 9000).objections?.[0]?.means).toContain('em0 cannot have an MTU of 9000')
    expect(addMember('hosting0', 'lo1').objections?.[0]?.said.test('ifconfig: BRDGADD lo1: Invalid argument')).toBe(
      true,
    )
  })
})
