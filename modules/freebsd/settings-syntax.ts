/** What files of settings have in common: statements, of which those that are not ours stay as they are, byte for byte. */

export type Statement = { readonly text: string } & (
  | {
      readonly kind: 'setting'
      readonly name: string
      readonly value: string
      /** What follows it: blanks and a comment. */
      readonly tail: string
    }
  /** It may set these, and what they become cannot be told without running it. */
  | { readonly kind: 'strange'; readonly names: readonly string[] }
  /** A quote without its end: nothing can be put after it. */
  | { readonly kind: 'broken' }
  /** Comments, empty lines, and what sets nothing. */
  | { readonly kind: 'other' }
)

export interface Syntax {
  /** The manual page that defines it. */
  readonly page: string
  /** Statements with their line breaks: put together they are the text again. */
  parse(text: string): Statement[]
  /** Why this cannot be written, for a person, or undefined. */
  objection(name: string, value: string): string | undefined
  /** A line without its line break, for what has no objection. */
  render(name: string, value: string): string
}

/** Lines with their line breaks. */
export const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

/** Nothing that ends a line, and nothing that a terminal takes for a command. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
export const CONTROL = /[\u0000-\u001f\u007f]/
