/**
 * Does it once for each call, one after the other: a call waits until those before it are through,
 * however they ended.
 */
export function inTurn(action: () => Promise<void>): () => Promise<void> {
  let last = Promise.resolve()
  return () => {
    const turn = last.then(action)
    last = turn.catch(() => {})
    return turn
  }
}
