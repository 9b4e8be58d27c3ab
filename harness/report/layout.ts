import wrapAnsi from 'wrap-ansi'

/** Width of everything printed, in characters. */
export const pageWidth = 100

/** Breaks text into lines no wider than `width`, within words only where a word is wider. */
export function wrap(text: string, width: number): string[] {
  return wrapAnsi(text, width, { hard: true }).split('\n')
}

export function indent(text: string, by: number): string {
  const margin = ' '.repeat(by)
  return wrap(text, pageWidth - by)
    .map((line) => margin + line)
    .join('\n')
}

const counted = new Intl.NumberFormat('en')
const plurals = new Intl.PluralRules('en')

/** `1 schedule`, `2,682 schedules`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${counted.format(number)} ${plurals.select(number) === 'one' ? singular : plural}`
}
