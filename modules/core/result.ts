/** What leaves a module: free of secrets, and in the form of JSON that every release of Ansible can read. */

const MASK = '********'

/**
 * Returns a function that puts asterisks in place of every one of `secrets` in all strings of a result and in all keys
 * but its own, as Ansible does for options with no_log.
 */
export function masking(secrets: readonly string[]): (result: object) => object {
  const longestFirst = [...new Set(secrets)].filter(one => one !== '').sort((a, b) => b.length - a.length)
  const mask = (text: string) => longestFirst.reduce((masked, one) => masked.replaceAll(one, MASK), text)
  if (longestFirst.length === 0) return result => result
  return result =>
    Object.fromEntries(Object.entries(result).map(([key, value]) => [key, mapStrings(value, mask, mask)]))
}

/**
 * One line of ASCII between line breaks. Ansible splits output at U+0085, U+2028 and U+2029 too, where they stand
 * unescaped; core 2.19 refuses lone surrogates and dicts with a key `__ansible_type`, older ones `__ansible_vault`.
 */
export function encodeResult(result: unknown): Buffer {
  const harmless = mapStrings(
    result,
    text => text.toWellFormed(),
    key => key.toWellFormed().replace(/^__ansible/, '_$&'),
  )
  const json = JSON.stringify(harmless).replace(/[^\x20-\x7e]/g, escapeCharacter)
  return Buffer.from(`\n${json}\n`, 'latin1')
}

const escapeCharacter = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

function mapStrings(value: unknown, onText: (text: string) => string, onKey: (key: string) => string): unknown {
  if (typeof value === 'string') return onText(value)
  if (Array.isArray(value)) return value.map(item => mapStrings(item, onText, onKey))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.map(([key, item]) => [onKey(key), mapStrings(item, onText, onKey)]))
}
