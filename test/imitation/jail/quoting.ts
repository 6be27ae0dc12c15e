/** quoted_print of jail(8) and jls(8): quotes around what contains blanks or quotes. */
export function quoted(text: string): string {
  if (text === '') return '""'
  const quote = text.includes("'") ? '"' : text.includes('"') ? "'" : /[ \t]/.test(text) ? '"' : ''
  const escaped = [...text].map(letter => (letter === '\\' || letter === quote ? `\\${letter}` : letter)).join('')
  return quote + escaped + quote
}
