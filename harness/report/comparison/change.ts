import type { CostChange, ResultsChange, SafetyChange } from '../../comparison/against.ts'
import { placeName } from '../../comparison/results.ts'
import type { Interval } from '../../comparison/statistics.ts'
import { count } from '../../words.ts'
import { indent as indentTo } from '../layout.ts'

/** As wide as everything that a comparison prints. */
const width = 80

const indent = (text: string, by: number): string => indentTo(text, by, width)

/** What has changed between two results, for people: the safety first, and the largest changes of cost. */
export function renderResultsChange(change: ResultsChange): string {
  const { safety, cost, cells, loads, added, missing, undecided } = change
  return [
    `Against the older results: ${count(cells, 'cell')} and ${count(loads, 'load')} in both`,
    safety.length === 0
      ? '  safety: no change beyond chance'
      : `  safety: ${count(safety.length, 'change')} beyond chance`,
    ...safety.map((each) => indent(describeSafety(each), 4)),
    ...costLines(change, cost, undecided),
    ...(added.length === 0 ? [] : [`  ${count(added.length, 'cell')} in the newer results only`]),
    ...(missing.length === 0
      ? []
      : [`  ${count(missing.length, 'cell')} in the older results only`]),
  ].join('\n')
}

/** More than these are counted, not shown. */
const mostShown = 20

function costLines(
  { drift, loads }: ResultsChange,
  cost: readonly CostChange[],
  undecided: string | undefined,
): string[] {
  if (loads === 0) return ['  cost: not measured in both']
  if (undecided !== undefined) return [indent(`cost: cannot be told. ${undecided}`, 2)]
  const sorted = cost.toSorted((a, b) => size(b) - size(a))
  return [
    cost.length === 0
      ? '  cost: no throughput differs by more than noise'
      : `  cost: the throughput of ${count(cost.length, 'load')} differs by more than noise`,
    ...(drift === undefined
      ? []
      : [
          indent(
            `in the middle of all it is ${times(drift)} what it was: that is the machine rather than the strategies`,
            4,
          ),
        ]),
    ...sorted.slice(0, mostShown).map((each) => indent(describeCost(each), 4)),
    ...(sorted.length > mostShown ? [`    … and ${sorted.length - mostShown} more`] : []),
  ]
}

const size = ({ throughput }: CostChange): number => Math.abs(Math.log(throughput.ratio.value))

function describeSafety({ place, before, after, rate }: SafetyChange): string {
  const verdict = before === after ? after : `${before} before, ${after} now`
  const share = rate ? `; rate of violations ${points(rate)} percentage points` : ''
  return `${placeName(place)}: ${verdict}${share}`
}

const points = ({ value, low, high }: Interval): string =>
  `${signed(100 * value)} (${signed(100 * low)} to ${signed(100 * high)})`

const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(0)}`

function describeCost({ place, clients, contention, throughput: { ratio } }: CostChange): string {
  return `${placeName(place)}, ${contention}, ${count(clients, 'client')}: ${times(ratio.value)} (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)})`
}

const times = (ratio: number): string => `${ratio.toFixed(2)} times`

/** The same for programs. */
export const resultsChangeToJson = (change: ResultsChange): object => change
