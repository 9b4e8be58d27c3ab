const counted = new Intl.NumberFormat('en')
const plurals = new Intl.PluralRules('en')

/** `1 schedule`, `2,682 schedules`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${counted.format(number)} ${plurals.select(number) === 'one' ? singular : plural}`
}

/** How many rows there are more than before: `1 row was added`. A server that was killed may have lost some. */
export const rowsAdded = (number: number): string =>
  number < 0
    ? `${count(-number, 'row')} of before ${number === -1 ? 'is' : 'are'} gone`
    : `${count(number, 'row was', 'rows were')} added`

/**
 * Text from a database, a token or a file as it may be shown: what a terminal would take for a code
 * (and do, instead of show) is written out. Line breaks stay.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[^\P{Cc}\n]/gu,
    (code) => `\\u{${code.codePointAt(0)?.toString(16) ?? ''}}`,
  )
}
