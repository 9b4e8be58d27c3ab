/** commander's messages begin with "error: ", and may go on in a second line with "(Did you mean". */
export function asSentence(message: string): string {
  const text = message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/\.? \((Did you mean .*)\)$/, '. $1')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?]$/.test(text) ? '' : '.'} See --help.`
}
