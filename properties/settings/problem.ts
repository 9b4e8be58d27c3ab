/** What is wrong with how the tests were called. The message says what to do. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}
