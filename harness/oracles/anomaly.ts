import type { EngineName } from '../databases/engine-name.ts'
import type { IsolationLevel } from '../databases/isolation.ts'
import { endedBy } from '../faults/index.ts'
import { actorName, type ActorId, type History } from '../history.ts'
import type { RunRecord } from '../run.ts'
import { anomalyNames, definitions, nameOfCycle, type AnomalyName } from './anomaly-names.ts'
import { cyclesIn, type Edge } from './cycles.ts'
import { dependenciesOf, type Dependency } from './dependencies.ts'
import type { SerialEquivalence } from './serial-equivalence.ts'
import { readHistory, type CommandRun, type Done, type UnitOfWork } from './transactions.ts'

/** What happened in a run, in the terms of the literature. */
export type Anomaly =
  | {
      readonly name: AnomalyName
      /** Adya's phenomenon, and Berenson's where there is one. */
      readonly adya: string
      /**
       * Whether the database let it happen between transactions, or whether it is only there between
       * whole commands, which the database never saw as one.
       */
      readonly level: 'transaction' | 'command'
      /** What it means, who did what at which step, and why it was not prevented. */
      readonly explanation: string
      readonly edges: readonly AnomalyEdge[]
      /**
       * `history`: what the statements read and wrote shows it. `serial orders`: they leave open which
       * rows they read, but no serial order gives this run, and nothing else can be the reason.
       */
      readonly evidence: 'history' | 'serial orders'
      /** Other anomalies of the same run. */
      readonly others: readonly AnomalyName[]
    }
  /** What was read and written is that of a serial order: the fault is in the strategy itself. */
  | { readonly name: 'none'; readonly explanation: string }
  | { readonly name: 'unknown'; readonly why: string }

/** One command has to come before another one. */
export interface AnomalyEdge {
  readonly from: ActorId
  readonly to: ActorId
  /** See {@link Dependency}. */
  readonly kind: Dependency['kind']
  readonly table: string
  /** The row as people read it; empty where it is not known which. */
  readonly row: string
  readonly isPredicate: boolean
  /** The steps of the two statements. */
  readonly steps: readonly [from: number, to: number]
}

/** What has to be known besides the run. */
export interface AnomalyContext {
  readonly engine: EngineName
  /** Of transactions that set no level of their own. */
  readonly isolation: IsolationLevel
  /** Whether the schema makes statements touch more than they name: see `isTangled`. */
  readonly isTangled?: boolean
  readonly serial?: SerialEquivalence
  /** The message of the invariant that was broken: the tables that it names come first. */
  readonly violation?: string
}

/**
 * Names what happened in a run that broke something, from what its statements read and wrote: a cycle
 * in the direct serialization graph, first of transactions, then of whole commands.
 *
 * Which rows a statement touches is read off its text, its parameters, and the number of rows it
 * changed; whether it saw what another transaction had written, off the order of the steps and what
 * the engine promises at that isolation level, and it is checked against the rows that it returned.
 * Where any of this leaves open what happened, the answer is `unknown`, with the reason.
 */
export function anomalyOf(
  { history, observation }: Pick<RunRecord, 'history' | 'observation'>,
  context: AnomalyContext,
): Anomaly {
  const reading = readHistory(history, context.engine, context.isolation)
  if ('why' in reading) return { name: 'unknown', why: sentence(reading.why) }
  const { commands } = reading
  const operations = commands.flatMap(({ transactions }) =>
    transactions.flatMap((each) => each.operations),
  )
  const found = dependenciesOf(operations, observation.initial, context.engine)
  if ('why' in found) return { name: 'unknown', why: sentence(found.why) }
  const isBeside = tablesBeside(Object.keys(observation.initial), context)
  const candidates = candidatesOf(commands, found.dependencies, isBeside)
  return new Verdict(candidates, commands, context, wasServerKilled(history)).anomaly
}

const wasServerKilled = (history: History): boolean =>
  history.some((event) => event.kind === 'fault' && endedBy(event.fault) === 'server')

/** Something that may have happened. */
interface Candidate {
  readonly name: AnomalyName
  readonly level: 'transaction' | 'command'
  /** Whether it rests on what was read in an attempt that came to nothing. */
  readonly isKept: boolean
  readonly edges: readonly Dependency[]
}

function candidatesOf(
  commands: readonly CommandRun[],
  dependencies: readonly Dependency[],
  isBeside: (table: string) => boolean,
): Candidate[] {
  const candidates: Candidate[] = [...dirtyReads(dependencies)]
  for (const { level, isKept, unitOf } of unitings(commands)) {
    const edges = dependencies.flatMap((dependency): Edge<unknown>[] => {
      const [from, to] = [unitOf(dependency.from), unitOf(dependency.to)]
      return from === undefined || to === undefined ? [] : [{ from, to, dependency }]
    })
    for (const cycle of cyclesIn(edges)) {
      const edgesOf = cycle.map(({ dependency }) => dependency)
      const name = nameOfCycle(edgesOf)
      if (name) candidates.push({ name, level, isKept, edges: edgesOf })
    }
  }
  return candidates.toSorted((a, b) => rank(a, isBeside) - rank(b, isBeside))
}

/**
 * Tells which tables have nothing to do with what was broken: those of the workload that neither the
 * violation names nor the nearest serial order leaves otherwise. A strategy's own tables may.
 */
function tablesBeside(
  observed: readonly string[],
  { violation = '', serial }: AnomalyContext,
): (table: string) => boolean {
  const named = observed.filter((table) => violation.includes(`${table}(`))
  const differing =
    serial?.outcome === 'not serial'
      ? serial.nearest.differences.flatMap((each) => (each.kind === 'rows' ? each.table : []))
      : []
  const suspects = named.length > 0 ? named : differing
  return (table) => suspects.length > 0 && observed.includes(table) && !suspects.includes(table)
}

/** The lower, the better it explains what was seen. */
function rank(
  { name, level, isKept, edges }: Candidate,
  isBeside: (table: string) => boolean,
): number {
  // Commands are allowed to come between each other's transactions, until one relies on what it saw.
  const hasLooked = edges.some(({ kind, from }) => kind === 'rw' && from.action === 'read')
  // What was read too early may have led anywhere.
  const isDirty = edges.some((each) => each.isDirty)
  return (
    (edges.every(({ isCertain }) => isCertain) ? 0 : 100_000) +
    (!isDirty && edges.some(({ table }) => isBeside(table)) ? 50_000 : 0) +
    (isKept ? 20_000 : 0) +
    (level === 'transaction' ? 0 : 10_000) +
    (level === 'transaction' || hasLooked ? 0 : 5_000) +
    edges.length * 100 +
    anomalyNames.indexOf(name)
  )
}

/** What can be told from one read of what was not committed. */
function dirtyReads(dependencies: readonly Dependency[]): Candidate[] {
  return dependencies.flatMap((read): Candidate[] => {
    if (!read.isDirty) return []
    const writer = read.from.transaction
    const name =
      writer.end !== 'committed'
        ? 'aborted-read'
        : wasWrittenAgain(read, dependencies)
          ? 'intermediate-read'
          : undefined
    return name ? [{ name, level: 'transaction', isKept: false, edges: [read] }] : []
  })
}

/** Whether the writer changed the row again after it had been read. */
const wasWrittenAgain = (read: Dependency, dependencies: readonly Dependency[]): boolean =>
  dependencies.some(
    ({ kind, from, to, table, row, isCertain }) =>
      kind === 'rw' &&
      isCertain &&
      from === read.to &&
      to.transaction === read.from.transaction &&
      table === read.table &&
      row === read.row,
  )

/** A way to put operations together to units. */
interface Uniting {
  readonly level: 'transaction' | 'command'
  readonly isKept: boolean
  unitOf(operation: Done): unknown
}

/**
 * Transactions that count, then commands, then commands with what they kept of an attempt that came to
 * nothing and did not read again.
 */
function unitings(commands: readonly CommandRun[]): Uniting[] {
  const commandOf = new Map<UnitOfWork, CommandRun>()
  for (const command of commands) {
    for (const transaction of command.transactions) commandOf.set(transaction, command)
  }
  const counts = (transaction: UnitOfWork): boolean => {
    const command = commandOf.get(transaction)
    return command !== undefined && isEffective(transaction, command)
  }
  return [
    {
      level: 'transaction',
      isKept: false,
      unitOf: ({ transaction }) => (counts(transaction) ? transaction : undefined),
    },
    {
      level: 'command',
      isKept: false,
      unitOf: ({ transaction }) => (counts(transaction) ? commandOf.get(transaction) : undefined),
    },
    {
      level: 'command',
      isKept: true,
      unitOf: (operation) => {
        const command = commandOf.get(operation.transaction)
        const isKept = command && isOnlyLook(operation, command)
        return counts(operation.transaction) || isKept ? command : undefined
      },
    },
  ]
}

/**
 * Whether what it read or wrote matters: it was committed, or it was rolled back with the refusal that
 * its command was answered with.
 */
const isEffective = (transaction: UnitOfWork, { reply, transactions }: CommandRun): boolean =>
  transaction.end === 'committed' ||
  (transaction.end === 'rolled back' &&
    reply.kind === 'rejected' &&
    transactions.at(-1) === transaction)

/** Whether a command that was done read this in a vain attempt, and never again. */
function isOnlyLook(look: Done, command: CommandRun): boolean {
  if (look.action !== 'read' || command.reply.kind !== 'ok') return false
  const sameWhere = (other: Done): boolean =>
    JSON.stringify(other.where) === JSON.stringify(look.where)
  return command.transactions
    .filter((each) => isEffective(each, command))
    .every(({ operations }) =>
      operations.every(
        (other) => other.action !== 'read' || other.table !== look.table || !sameWhere(other),
      ),
    )
}

/** Decides between the candidates, which come with the best first. */
class Verdict {
  readonly #candidates: readonly Candidate[]
  readonly #commands: readonly CommandRun[]
  readonly #context: AnomalyContext
  readonly #wasServerKilled: boolean

  constructor(
    candidates: readonly Candidate[],
    commands: readonly CommandRun[],
    context: AnomalyContext,
    serverWasKilled: boolean,
  ) {
    this.#candidates = candidates
    this.#commands = commands
    this.#context = context
    this.#wasServerKilled = serverWasKilled
  }

  get anomaly(): Anomaly {
    const [best] = this.#candidates
    if (best?.edges.every(({ isCertain }) => isCertain)) return this.#found(best, 'history')
    if (!best || this.#context.serial?.outcome === 'serial') return this.#none()
    const names = [...new Set(this.#candidates.map(({ name }) => name))]
    const [only, ...more] = names
    const isNotSerial = this.#context.serial?.outcome === 'not serial'
    if (isNotSerial && only !== undefined && more.length === 0 && !this.#context.isTangled) {
      return this.#found(best, 'serial orders')
    }
    const vague = best.edges.find(({ isCertain }) => !isCertain)
    const [first, last] = vague ? [vague.from.step, vague.to.step].toSorted((a, b) => a - b) : []
    return {
      name: 'unknown',
      why: sentence(
        `it may be ${names.join(' or ')}, but which rows of ${vague?.table ?? ''} the statements of steps ${first ?? ''} and ${last ?? ''} have both touched cannot be told from their texts`,
      ),
    }
  }

  #none(): Anomaly {
    const { serial, isTangled } = this.#context
    if (serial?.outcome === 'serial') return { name: 'none', explanation: describeSerial(serial) }
    if (this.#wasServerKilled) {
      return {
        name: 'unknown',
        why: 'The server was killed, and what was committed by then may not have been kept.',
      }
    }
    if (isTangled) {
      return {
        name: 'unknown',
        why: 'Foreign keys, triggers or the like make statements touch more than their texts say.',
      }
    }
    const skipping = this.#commands
      .flatMap(({ transactions }) => transactions.flatMap(({ operations }) => operations))
      .find(({ skipsLocked }) => skipsLocked)
    if (skipping) {
      return {
        name: 'unknown',
        why: `Step ${skipping.step} leaves out rows of ${skipping.table} that others have locked, and which these were cannot be told.`,
      }
    }
    return {
      name: 'none',
      explanation:
        'No anomaly: what the commands have read and written is as in a serial order, so it is what the strategy makes of it that is wrong, and not how the commands came together.',
    }
  }

  #found(
    { name, level, isKept, edges }: Candidate,
    evidence: 'history' | 'serial orders',
  ): Anomaly {
    const { adya, meaning } = definitions[name]
    const isPredicate = edges.some((each) => each.isPredicate)
    const others = this.#candidates
      .filter((each) => each.edges.every(({ isCertain }) => isCertain) && each.name !== name)
      .map((each) => each.name)
    return {
      name,
      adya: name === 'write-skew' && isPredicate ? 'G2' : adya,
      level,
      explanation: [
        meaning,
        ...this.#inOrder(edges).map((edge) => this.#describe(edge)),
        ...(evidence === 'serial orders'
          ? [
              'Which rows these are the statements leave open; but no serial order gives this run, and nothing else can be the reason.',
            ]
          : []),
        ...this.#whyNotPrevented(level, isKept, edges),
        ...(this.#context.serial?.outcome === 'serial' ? [harmlessInTheEnd] : []),
      ].join(' '),
      edges: this.#inOrder(edges).map((edge) => ({
        from: edge.from.transaction.actor,
        to: edge.to.transaction.actor,
        kind: edge.kind,
        table: edge.table,
        row: edge.row,
        isPredicate: edge.isPredicate,
        steps: [edge.from.step, edge.to.step],
      })),
      evidence,
      others: [...new Set(others)],
    }
  }

  /** Beginning with what was not seen, the first of it. */
  #inOrder(edges: readonly Dependency[]): readonly Dependency[] {
    const unseen = edges.filter(({ kind }) => kind === 'rw')
    const [first] = (unseen.length > 0 ? unseen : edges).toSorted(
      (a, b) => a.from.step - b.from.step,
    )
    const place = edges.findIndex((each) => each === first)
    return [...edges.slice(place), ...edges.slice(0, place)]
  }

  #describe({ kind, from, to, table, row, isPredicate, isDirty }: Dependency): string {
    const what = row === '' ? `a row of ${table}` : `${table}(${row})`
    const [one, other] = [this.#name(from), this.#name(to)]
    switch (kind) {
      case 'rw':
        return describeUnseen({
          reader: one,
          writer: other,
          read: from,
          write: to,
          what,
          isPredicate,
        })
      case 'wr':
        return `${other} sees at step ${to.step} what ${one} has done to ${what} at step ${from.step}${isDirty ? ', before it is committed' : ''}.`
      case 'ww':
        return `${other} writes at step ${to.step} over what ${one} has written to ${what} at step ${from.step}.`
    }
  }

  #name({ transaction: { actor, command } }: Done): string {
    const several = this.#commands.filter((each) => each.actor === actor).length > 1
    return several ? `${actorName(actor)}${command + 1}` : actorName(actor)
  }

  #whyNotPrevented(
    level: 'transaction' | 'command',
    isKept: boolean,
    edges: readonly Dependency[],
  ): readonly string[] {
    if (isKept) {
      return [
        'What was read belongs to an attempt that came to nothing and was kept for the next one: to the database they have nothing to do with each other.',
      ]
    }
    if (level === 'transaction') return []
    const split = edges
      .flatMap(({ from, to }) => [from, to])
      .find(({ transaction }, _, all) =>
        all.some(
          (other) =>
            other.transaction !== transaction &&
            other.transaction.actor === transaction.actor &&
            other.transaction.command === transaction.command,
        ),
      )
    const who = split ? this.#name(split) : 'a command'
    return [
      `The database never saw one transaction: ${who} does this in several, each statement without BEGIN being one of its own, so that no isolation level covers it.`,
    ]
  }
}

interface Unseen {
  readonly reader: string
  readonly writer: string
  readonly read: Done
  readonly write: Done
  readonly what: string
  readonly isPredicate: boolean
}

function describeUnseen({ reader, writer, read, write, what, isPredicate }: Unseen): string {
  const looks = `${reader} ${isPredicate ? `looks into ${read.table}` : `reads ${what}`} at step ${read.step}`
  const does = isPredicate ? `inserts ${what}` : `${verb(write)} it`
  return read.step < write.step
    ? `${looks}, before ${writer} ${does} at step ${write.step}.`
    : `${looks} and does not see that ${writer} ${does} at step ${write.step}.`
}

const harmlessInTheEnd =
  'Yet a serial order of the commands gives the same replies and the same final state, so if this did harm, it did so in between.'

const describeSerial = ({ isStrict }: { readonly isStrict: boolean }): string =>
  isStrict
    ? 'No anomaly: a serial order of the commands gives this run as well, so nothing that keeps them apart would have helped.'
    : 'No anomaly within the run: a serial order of the commands gives it as well, but only one in which a command comes before another that had been answered when it began.'

const verb = ({ action }: Done): string => (action === 'delete' ? 'deletes' : 'changes')

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
