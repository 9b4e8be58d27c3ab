/** Says of a test that something is not as it has to be, in words that need nothing around them. */
export class NotAsExpected extends Error {
  override readonly name = 'NotAsExpected'
}
