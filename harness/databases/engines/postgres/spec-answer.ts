/** What a statement came to, as it is to be printed. */
export type SpecResult =
  | {
      readonly kind: 'rows'
      readonly columns: readonly string[]
      readonly rows: readonly (readonly (string | null)[])[]
    }
  /** It returns no rows. */
  | { readonly kind: 'done' }
  /** `line` is what a step prints of it, `text` all there is to say. */
  | { readonly kind: 'error'; readonly line: string; readonly text: string }

/** What has arrived, in its order. `begun`: the first row of a result is on its way. */
type Arrival =
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'begun' }
  | { readonly kind: 'result'; readonly result: SpecResult }

/** All that a server has to say to a text that was sent to it, as it comes in. */
export class SpecAnswer {
  readonly text: string
  readonly #isInTransaction: () => boolean
  #arrivals: Arrival[]
  #isBusy = true
  #whenDone: (() => void) | undefined
  #began: boolean
  #ended = false

  /** @param isInTransaction whether the session is in a transaction now that has not failed */
  constructor(text: string, notices: readonly string[], isInTransaction: () => boolean) {
    this.text = text
    this.#isInTransaction = isInTransaction
    this.#arrivals = notices.map((notice) => ({ kind: 'notice', text: notice }))
    this.#began = isInTransaction()
  }

  /** Whether there may be more to come. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Whether the session was in a transaction before, and is in one after it. */
  get staysInTransaction(): boolean {
    return this.#began && this.#ended
  }

  /** Resolves when all has come, or after that time. One may wait at a time. */
  done(withinMs?: number): Promise<void> {
    if (!this.#isBusy) return Promise.resolve()
    return new Promise((resolve) => {
      const alarm = withinMs === undefined ? undefined : setTimeout(resolve, withinMs)
      this.#whenDone = () => {
        clearTimeout(alarm)
        resolve()
      }
    })
  }

  /**
   * The messages that have arrived up to the first result, and those right behind it: a reader that
   * stops there has come across them.
   */
  takeNotices(): string[] {
    if (this.#arrivals.length === 0) return []
    let end = this.#arrivals.findIndex(({ kind }) => kind === 'result')
    if (end === -1) end = this.#arrivals.length
    else {
      end += 1
      while (this.#arrivals[end]?.kind === 'notice') end += 1
    }
    const head = this.#arrivals.slice(0, end)
    const results = head.filter(({ kind }) => kind === 'result')
    this.#arrivals = [...results, ...this.#arrivals.slice(end)]
    return head.flatMap((each) => (each.kind === 'notice' ? [each.text] : []))
  }

  /** The next result, once all has come, with the messages that come before the one after it. */
  takeResult(): { notices: string[]; result: SpecResult } | undefined {
    const notices = this.takeNotices()
    const next = this.#arrivals.shift()
    return next?.kind === 'result' ? { notices, result: next.result } : undefined
  }

  /** All messages, and the last result. */
  summary(): { notices: string[]; result: SpecResult } {
    return {
      notices: this.#arrivals.flatMap((each) => (each.kind === 'notice' ? [each.text] : [])),
      result: this.#arrivals.findLast((each) => each.kind === 'result')?.result ?? { kind: 'done' },
    }
  }

  /** What was sent before it has been answered. */
  begin(): void {
    this.#began = this.#isInTransaction()
  }

  hearNotice(text: string): void {
    this.#arrivals.push({ kind: 'notice', text })
  }

  hearBeginning(): void {
    this.#arrivals.push({ kind: 'begun' })
  }

  hearResult(result: SpecResult): void {
    this.#arrivals.push({ kind: 'result', result })
  }

  end(): void {
    this.#isBusy = false
    this.#ended = this.#isInTransaction()
    this.#whenDone?.()
    this.#whenDone = undefined
  }
}
