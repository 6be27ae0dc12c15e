/** A moment as names of snapshots, datasets and files have it: `20261122T120000Z`, in UTC and without a colon, sorted by it. */
export const stamp = (moment: Date) => moment.toISOString().replace(/[-:]|\.\d+/g, '')
