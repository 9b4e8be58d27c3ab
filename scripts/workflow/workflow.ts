import { parse } from 'yaml'
import { z } from 'zod'
import { UsageError } from '../../harness/index.ts'

const scalars = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()]).transform(String),
)

const step = z.looseObject({
  name: z.string().optional(),
  if: z.string().optional(),
  env: scalars.optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
})

const job = z.looseObject({
  name: z.string().optional(),
  needs: z
    .union([z.string().transform((name) => [name]), z.array(z.string())])
    .optional()
    .default([]),
  if: z.string().optional(),
  env: scalars.optional(),
  strategy: z
    .looseObject({ matrix: z.record(z.string(), z.array(z.coerce.string())).optional() })
    .optional(),
  steps: z.array(step),
})

const workflow = z.looseObject({ env: scalars.optional(), jobs: z.record(z.string(), job) })

/** A workflow of GitHub Actions, as far as it is understood here. */
export type Workflow = z.infer<typeof workflow>
export type Job = z.infer<typeof job>
export type Step = z.infer<typeof step>

/**
 * Reads the text of a workflow. What is not known stays in it, to be named.
 *
 * @throws {UsageError} when it is none.
 */
export function parseWorkflow(text: string, name: string): Workflow {
  const { success, data, error } = workflow.safeParse(contentOf(text, name))
  if (success) return data
  const [issue] = error.issues
  throw new UsageError(
    `${name} is no workflow that can be run here: ${issue?.message ?? ''} at "${issue?.path.join('.')}".`,
  )
}

function contentOf(text: string, name: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw new UsageError(`${name} is not YAML: ${error instanceof Error ? error.message : ''}`)
  }
}

/** One way to run a job: a value for each name of its matrix. */
export type Combination = Readonly<Record<string, string>>

/** Every combination of a job's matrix, with some of its values replaced. */
export function combinationsOf({ strategy }: Job, replaced: Combination): readonly Combination[] {
  let all: readonly Combination[] = [{}]
  for (const [name, values] of Object.entries(strategy?.matrix ?? {})) {
    const chosen = replaced[name] === undefined ? values : [replaced[name]]
    all = all.flatMap((each) => chosen.map((value) => ({ ...each, [name]: value })))
  }
  return all
}

/** What is in a workflow, a job or a step that nobody acts on here. */
export function leftOut(of: Workflow | Job | Step): readonly string[] {
  return Object.keys(of).filter((key) => !understood.has(key))
}

const here = ['jobs', 'name', 'needs', 'if', 'env', 'strategy', 'steps', 'uses', 'run', 'id']
/** For a service only: machines to run on, and what is allowed there. */
const elsewhere = ['on', 'runs-on', 'permissions', 'timeout-minutes']
const understood = new Set([...here, ...elsewhere])
