/**
 * Files that count more than rc.conf for one script of rc.d (load_rc_config of rc.subr(8)): what they set, a boot does not
 * take from where it is written to.
 */
import { RC_CONF } from '../../../freebsd/rc-conf.ts'
import type { ConfFile } from '../../settings/files.ts'

/** `after`: what the files of rc.conf will say. */
export function overrides(files: readonly ConfFile[], after: Readonly<Record<string, string>>): string[] {
  return files.flatMap(({ path, text }) => {
    let line = 1
    return RC_CONF.parse(text ?? '').flatMap(statement => {
      const at = line
      line += statement.text.split('\n').length - 1
      const set =
        statement.kind === 'setting'
          ? [statement].filter(({ name, value }) => after[name] !== value).map(({ name }) => name)
          : statement.kind === 'strange'
            ? statement.names
            : []
      return set
        .filter(name => after[name] !== undefined)
        .map(
          name =>
            `${path}, line ${at}, sets ${name}, which counts more at boot than what rc.conf will say: ${JSON.stringify(after[name])}. Take it out of there.`,
        )
    })
  })
}
