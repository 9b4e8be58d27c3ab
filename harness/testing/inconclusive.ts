/** Says of a test that nothing can be said: it is no pass, and nothing was found either. */
export class Inconclusive extends Error {
  override readonly name = 'Inconclusive'
}
