/** Names that restoring gives to datasets, all beside the one that it is about. */
import { stamp } from '../stamp.ts'
import { stampOf } from './moment.ts'

/** What a dataset was before it was restored in place, or before that was taken back. Nothing removes it but its operator. */
export const setAside = (dataset: string, now: Date) => `${dataset}-before-${stamp(now)}`
/** What is to take a dataset's place, until it does. */
export const arriving = (dataset: string) => `${dataset}-restoring`
/** The name of the dataset whose place it is to take. */
export const wanted = (name: string) => name.replace(/-restoring$/, '')
/** A dataset as it was, beside it. */
export const beside = (dataset: string, { creation }: { readonly creation: number }) =>
  `${dataset}-restored-${stampOf(creation)}`
/** Open only while files are read from it. */
export const reading = (dataset: string) => `${dataset}-reading`

const OWN = /-(restoring|reading|(before|restored|diverged)-\d{8}T\d{6}Z)$/

export const isOwnName = (name: string) => OWN.test(name)
