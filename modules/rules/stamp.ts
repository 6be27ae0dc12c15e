/** A moment as names of snapshots, datasets and files have it: `20261122T120000Z`, in UTC and without a colon, sorted by it. */
export const stamp = (moment: Date) => moment.toISOString().replace(/[-:]|\.\d+/g, '')

/** Restoring and replicating set aside under such names, each a component of its own, what nobody but an operator removes. */
export const isSetAside = (path: string) => /-(before|restored|diverged|placeholder)-\d{8}T\d{6}Z(\/|$)/.test(path)
