/** Where all of hosting is, as tasks say it. */
import { posix } from 'node:path'
import { InvalidOptions } from '../core/errors.ts'
import { text, withDefault } from '../core/options.ts'
import { datasetNameProblem } from '../freebsd/zfs-names.ts'
import { DEFAULT_SITE, type Site } from './layout.ts'

export const siteOptions = {
  hosting_dataset: withDefault(text('The dataset below which all of hosting is.'), DEFAULT_SITE.dataset),
  hosting_path: withDefault(text('Where that is mounted.'), DEFAULT_SITE.path),
}

export interface SiteOptions {
  readonly hosting_dataset?: string | undefined
  readonly hosting_path?: string | undefined
}

/** The path becomes part of command lines in jail.conf(5) and of the mount table, where there is one spelling for it. */
export function siteOf({ hosting_dataset: dataset, hosting_path: given }: SiteOptions): Site {
  const site = { dataset: dataset ?? DEFAULT_SITE.dataset, path: (given ?? DEFAULT_SITE.path).replace(/\/+$/, '') }
  const problem = datasetNameProblem(site.dataset)
  if (problem !== undefined) throw new InvalidOptions(`hosting_dataset '${site.dataset}' cannot be used: ${problem}`)
  if (!/^(\/[A-Za-z0-9._-]+)+$/.test(site.path) || posix.normalize(site.path) !== site.path)
    throw new InvalidOptions(`hosting_path '${given}' cannot be used: it is not a plain absolute path, like /hosting`)
  return site
}
