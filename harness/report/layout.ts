import wrapAnsi from 'wrap-ansi'
import { printable } from '../words.ts'

/** Width of everything printed, in characters. */
export const pageWidth = 100

/**
 * Breaks text into lines no wider than `width`, within words only where a word is wider. What is in
 * the text is shown, and never done by a terminal.
 */
export function wrap(text: string, width: number): string[] {
  return wrapAnsi(printable(text), width, { hard: true }).split('\n')
}

export function indent(text: string, by: number, width = pageWidth): string {
  const margin = ' '.repeat(by)
  return wrap(text, width - by)
    .map((line) => margin + line)
    .join('\n')
}
