/** Colours and headings of the demo; plain text where there is no terminal, or where NO_COLOR asks for it. */
import { styleText } from 'node:util'

export const colourful = process.env.FORCE_COLOR !== undefined || process.stdout.hasColors?.() === true

const style =
  (...format: Parameters<typeof styleText>[0][]) =>
  (text: string) =>
    colourful ? format.reduce<string>((styled, one) => styleText(one, styled), text) : text

export const bold = style('bold')
export const dim = style('dim')
export const green = style('green')
export const red = style('red')

export function heading(number: number, title: string): void {
  console.log(`\n${style('bold', 'cyan')(`${number}  ${title}`)}`)
}
