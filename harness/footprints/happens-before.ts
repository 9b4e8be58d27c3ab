import { isDependent, type Transition } from './transitions.ts'

/** Which steps of a run happen before which: by the order of dependent ones. */
export class HappensBefore {
  readonly #before: ReadonlySet<number>[] = []
  /** Those before it with none between them. */
  readonly #immediate: (readonly number[])[] = []

  constructor(path: readonly Transition[]) {
    for (const [later, transition] of path.entries()) {
      const before = new Set<number>()
      const immediate: number[] = []
      for (let index = later - 1; index >= 0; index--) {
        const other = path[index]
        if (!other || before.has(index) || !isDependent(other, transition)) continue
        immediate.push(index)
        before.add(index)
        for (const each of this.#before[index] ?? []) before.add(each)
      }
      this.#before.push(before)
      this.#immediate.push(immediate)
    }
  }

  has(earlier: number, later: number): boolean {
    return this.#before[later]?.has(earlier) ?? false
  }

  immediatelyBefore(index: number): readonly number[] {
    return this.#immediate[index] ?? []
  }
}
