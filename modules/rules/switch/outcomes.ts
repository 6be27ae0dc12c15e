/** What becomes of instances, in a word each: as blueprint_switch tells it and an update of the fleet counts it. */

export const OUTCOMES = ['switched', 'as_wanted', 'rolled_back', 'refused', 'not_begun', 'failed', 'unknown'] as const
export type Outcome = (typeof OUTCOMES)[number]
