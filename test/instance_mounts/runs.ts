/** Runs of instance_mounts on a host in memory. */
import { apply, check, converge, type Report } from '../../modules/core/converge.ts'
import instanceMounts from '../../modules/instance_mounts.ts'
import type { Look } from '../../modules/rules/instance/work.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'

const CIRCUMSTANCES = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }

export const applied = (host: FakeHost, options: object): Promise<Report> =>
  converge(instanceMounts, options, host, apply, CIRCUMSTANCES)

export const foretold = (host: FakeHost, options: object): Promise<Report> =>
  converge(instanceMounts, options, host, check, CIRCUMSTANCES)

export const stateOf = ({ state }: Report, id = 'web1'): Look => (state.instances as Record<string, Look>)[id] as Look
