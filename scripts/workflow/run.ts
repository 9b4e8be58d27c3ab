import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { holds, substitute, type Context } from './expression.ts'
import {
  combinationsOf,
  leftOut,
  type Combination,
  type Job,
  type Step,
  type Workflow,
} from './workflow.ts'

export interface RunOptions {
  /** Only these jobs; by default all. */
  readonly jobs?: readonly string[]
  /** Values that take the place of a whole row of the matrix. */
  readonly matrix: Combination
  /** Variables that take the place of those in the workflow. */
  readonly env: Readonly<Record<string, string>>
  /** What expressions can name besides the matrix. */
  readonly context: Context
  /** Names of steps to leave out. */
  readonly without: readonly string[]
  /** Where to run. */
  readonly folder: string
  /** Ends the step that runs, and begins no other. */
  readonly signal: AbortSignal
  /** Hears what is done, and what is left out. */
  readonly say: (line: string) => void
}

/**
 * Runs the `run:` steps of a workflow, job after job, in one folder: so what one job leaves in it is there
 * for the next, as if it had been handed on.
 *
 * @returns the exit code of the first step that failed, or 0.
 */
export async function runWorkflow(workflow: Workflow, options: RunOptions): Promise<number> {
  const exitCodes = new Map<string, number>()
  for (const key of leftOut(workflow)) options.say(`– "${key}" is left out`)
  for (const [id, job] of Object.entries(workflow.jobs)) {
    if (options.signal.aborted) break
    if (options.jobs && !options.jobs.includes(id)) {
      options.say(`– job ${id}: left out, as it was not asked for`)
      continue
    }
    const hasFailed = job.needs.some((name) => (exitCodes.get(name) ?? 0) !== 0)
    if (holds(job.if, hasFailed)) exitCodes.set(id, await runJob(workflow, id, job, options))
    else options.say(`– job ${id}: not run, as a job that it needs has failed`)
  }
  return [...exitCodes.values()].find((exitCode) => exitCode !== 0) ?? 0
}

async function runJob(
  { env }: Workflow,
  id: string,
  job: Job,
  options: RunOptions,
): Promise<number> {
  for (const key of leftOut(job)) options.say(`– job ${id}: "${key}" is left out`)
  let first = 0
  for (const [index, combination] of combinationsOf(job, options.matrix).entries()) {
    if (options.signal.aborted) break
    const values = Object.entries(combination)
    const context = {
      ...options.context,
      'strategy.job-index': String(index),
      ...Object.fromEntries(values.map(([name, value]) => [`matrix.${name}`, value])),
    }
    const title = [id, ...values.map(([name, value]) => `${name} ${value}`)].join(', ')
    const exitCode = await runSteps(job.steps, { ...env, ...job.env }, title, {
      ...options,
      context,
    })
    first ||= exitCode
  }
  return first
}

async function runSteps(
  steps: readonly Step[],
  env: Readonly<Record<string, string>>,
  job: string,
  options: RunOptions,
): Promise<number> {
  let first = 0
  for (const step of steps) {
    if (options.signal.aborted) break
    const name = step.name ?? step.uses ?? step.run?.trim() ?? ''
    const why = whyNotRun(step, first !== 0, options)
    if (why !== undefined) {
      options.say(`– ${job}: ${name}: ${why}`)
      continue
    }
    for (const key of leftOut(step)) options.say(`– ${job}: ${name}: "${key}" is left out`)
    options.say(`▶ ${job}: ${name}`)
    const exitCode = await runStep(step, { ...env, ...step.env }, options)
    if (exitCode !== 0) options.say(`✗ ${job}: ${name}: exit code ${exitCode}`)
    first ||= exitCode
  }
  return first
}

function whyNotRun(step: Step, hasFailed: boolean, { without }: RunOptions): string | undefined {
  if (step.run === undefined) return 'left out, as it is an action'
  if (step.name !== undefined && without.includes(step.name)) return 'left out, as was asked for'
  return holds(step.if, hasFailed) ? undefined : 'not run, as a step before it has failed'
}

async function runStep(
  { run = '' }: Step,
  env: Readonly<Record<string, string>>,
  { context, env: replaced, folder, signal }: RunOptions,
): Promise<number> {
  const written = Object.entries(env)
    .filter(([name]) => replaced[name] === undefined)
    .map(([name, value]) => [name, substitute(value, context)])
  // As the runner of GitHub does where a step names no shell. A group of its own, to end it whole.
  const child = spawn('bash', ['-e', '-c', substitute(run, context)], {
    cwd: folder,
    env: { ...process.env, ...Object.fromEntries(written), ...replaced },
    stdio: 'inherit',
    detached: true,
  })
  const end = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
  }
  signal.addEventListener('abort', end)
  try {
    const [exitCode, by] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    return exitCode ?? 128 + (by === null ? 0 : constants.signals[by])
  } finally {
    signal.removeEventListener('abort', end)
  }
}
