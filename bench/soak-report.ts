import {
  describeLiveness,
  pageWidth,
  wrap,
  type Exploration,
  type LivenessSummary,
  type Platform,
} from '../harness/index.ts'

/** What a soak was asked to do, and what came of it. */
export interface Soak {
  /** Schedules that it was to run. */
  readonly asked: number
  readonly seed: number
  readonly elapsedMs: number
  readonly explorations: readonly SoakExploration[]
  readonly notRun: readonly { readonly platform: Platform; readonly reason: string }[]
}

export interface SoakExploration {
  readonly platform: Platform
  readonly exploration: Exploration
}

/** Numbers of some explorations. */
export interface SoakFigures {
  readonly explorations: number
  readonly schedules: number
  /** Those of them that stopped inside writing statements as well. */
  readonly insideStatements: number
  readonly violated: number
  readonly inconclusive: number
  readonly selfChecks: number
  readonly differences: number
  /** Self-checks that went another way where the database chose among several that waited. */
  readonly chosenByDatabase: number
}

export type SoakVerdict = 'holds' | 'violated' | 'inconclusive'

/** A difference between two runs of one plan is as bad as a violation: nothing else could be trusted. */
export function soakVerdict(soak: Soak): SoakVerdict {
  const { violated, differences, inconclusive, schedules } = total(soak)
  if (violated > 0 || differences > 0) return 'violated'
  const isIncomplete = schedules === 0 || soak.notRun.length > 0
  return isIncomplete || inconclusive > 0 ? 'inconclusive' : 'holds'
}

const total = ({ explorations }: Soak): SoakFigures =>
  figuresOf(explorations.map(({ exploration }) => exploration))

function figuresOf(group: readonly Exploration[]): SoakFigures {
  const having = (verdict: Exploration['verdict']) =>
    group.filter((each) => each.verdict === verdict).length
  return {
    explorations: group.length,
    schedules: sumOf(group, (each) => each.schedules),
    insideStatements: sumOf(
      group.flatMap(({ grains }) => grains.filter(({ grain }) => grain === 'phase')),
      (each) => each.schedules,
    ),
    violated: having('violated'),
    inconclusive: having('inconclusive'),
    selfChecks: sumOf(group, ({ selfCheck }) => selfCheck.runs),
    differences: sumOf(group, ({ selfCheck }) => selfCheck.differences),
    chosenByDatabase: sumOf(group, ({ selfCheck }) => selfCheck.chosenByDatabase),
  }
}

const sumOf = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0)

/** The same figures by whatever names the explorations. */
function figuresBy(
  { explorations }: Soak,
  nameOf: (each: SoakExploration) => string,
): (readonly [name: string, SoakFigures])[] {
  const groups = Map.groupBy(explorations, nameOf)
  return [...groups].map(([name, group]) => [
    name,
    figuresOf(group.map(({ exploration }) => exploration)),
  ])
}

const platformName = ({ platform, exploration }: SoakExploration): string =>
  `${platform} ${exploration.database.version}`

const explorerName = ({ exploration }: SoakExploration): string => exploration.explorer.name

const strategyName = ({ exploration }: SoakExploration): string =>
  `${exploration.workload}/${exploration.strategy}`

function livenessOf({ explorations }: Soak): LivenessSummary {
  const all = explorations.map(({ exploration }) => exploration.liveness)
  const classes = new Set(all.flatMap(({ aborted }) => Object.keys(aborted)))
  const sum = (of: (each: LivenessSummary) => number) => sumOf(all, of)
  return {
    runs: sum((each) => each.runs),
    commands: sum((each) => each.commands),
    aborted: Object.fromEntries(
      [...classes].map((name) => [
        name,
        sum(({ aborted }) => aborted[name as keyof typeof aborted] ?? 0),
      ]),
    ),
    attemptsUsedUp: sum((each) => each.attemptsUsedUp),
    runsWithoutProgress: sum((each) => each.runsWithoutProgress),
    standstills: sum((each) => each.standstills),
    endless: sum((each) => each.endless),
    refusedInEndless: sum((each) => each.refusedInEndless),
  }
}

/** The figures for people: plain text, at most 100 columns wide. */
export function renderSoak(soak: Soak): string {
  const sums = total(soak)
  const seconds = soak.elapsedMs / 1000
  const numbers = [
    `${grouped(sums.schedules)} of ${grouped(soak.asked)} schedules in ${grouped(Math.round(seconds))} s`,
    `${Math.round(sums.schedules / seconds)}/s`,
    `${grouped(sums.insideStatements)} of them inside writing statements as well`,
    `seed ${soak.seed}`,
    `${sums.violated} violated`,
    `${sums.inconclusive} inconclusive`,
    `${grouped(sums.selfChecks)} runs repeated`,
    `${sums.differences} different`,
    `${sums.chosenByDatabase} where the database chose among several that waited`,
  ]
  const liveness = describeLiveness(livenessOf(soak)) ?? 'every command came to its end'
  return [
    table('database', figuresBy(soak, platformName)),
    table('explorer', figuresBy(soak, explorerName)),
    table('strategy', figuresBy(soak, strategyName)),
    ...soak.explorations.flatMap(describeFinding),
    paragraph(`liveness: ${liveness}`),
    [
      paragraph(`${soakVerdict(soak).toUpperCase()}  ${numbers.join(', ')}`),
      ...soak.notRun.map(({ platform, reason }) => paragraph(`${platform} was not run. ${reason}`)),
    ].join('\n'),
  ].join('\n\n')
}

/** The same for programs. */
export const soakToJson = (soak: Soak): object => ({
  verdict: soakVerdict(soak),
  asked: soak.asked,
  seed: soak.seed,
  elapsedMs: Math.round(soak.elapsedMs),
  total: total(soak),
  databases: Object.fromEntries(figuresBy(soak, platformName)),
  explorers: Object.fromEntries(figuresBy(soak, explorerName)),
  strategies: Object.fromEntries(figuresBy(soak, strategyName)),
  liveness: livenessOf(soak),
  findings: soak.explorations.filter(({ exploration }) => isFinding(exploration)),
  notRun: soak.notRun,
})

const isFinding = ({ verdict, selfCheck }: Exploration): boolean =>
  verdict !== 'holds' || selfCheck.differences > 0

/** Enough to have it again. */
function describeFinding(each: SoakExploration): string[] {
  const { exploration } = each
  if (!isFinding(exploration)) return []
  const { name, seed } = exploration.explorer
  const what =
    exploration.verdict === 'violated'
      ? `${exploration.counterexample.message}\nlockstep replay ${exploration.counterexample.token}`
      : `${exploration.verdict === 'inconclusive' ? exploration.reason : exploration.selfCheck.first}`
  const where = `${strategyName(each)} on ${platformName(each)}, ${exploration.isolation}, ${name}, seed ${seed}`
  return [paragraph(`${exploration.verdict.toUpperCase()}  ${where}: ${what}`)]
}

const columns: readonly (readonly [title: string, of: (figures: SoakFigures) => number])[] = [
  ['schedules', (each) => each.schedules],
  ['violated', (each) => each.violated],
  ['inconclusive', (each) => each.inconclusive],
  ['repeated', (each) => each.selfChecks],
  ['different', (each) => each.differences],
]

function table(title: string, rows: readonly (readonly [name: string, SoakFigures])[]): string {
  const cells = [
    [title, ...columns.map(([name]) => name)],
    ...rows.map(([name, figures]) => [name, ...columns.map(([, of]) => grouped(of(figures)))]),
  ]
  const widths = columns.map((_, index) =>
    Math.max(...cells.map((row) => row[index + 1]?.length ?? 0)),
  )
  const widest = Math.max(...cells.map(([name = '']) => name.length))
  return cells
    .map(([name = '', ...numbers]) =>
      [
        name.padEnd(widest),
        ...numbers.map((each, index) => each.padStart(widths[index] ?? 0)),
      ].join('  '),
    )
    .join('\n')
}

const grouped = (number: number): string => new Intl.NumberFormat('en').format(number)

const paragraph = (text: string): string => wrap(text, pageWidth).join('\n')
