import { pageWidth, wrap, type Diagnosis } from '../../harness/index.ts'

type DockerFindings = Diagnosis['docker']
type EngineFindings = Diagnosis['engines'][number]
type Finding = EngineFindings['providers'][number]

/** A diagnosis for people to read: a section on the machine, and one on each engine. */
export function describeDiagnosis({ machine, docker, engines }: Diagnosis): string {
  const { node, platform, root, temporaryFolder, memory } = machine
  const free =
    temporaryFolder.freeBytes === null
      ? 'cannot be looked at: make it, or set TMPDIR to another folder'
      : `${inGigabytes(temporaryFolder.freeBytes)} free`
  const rows: Row[] = [
    ['Node', `${node} on ${platform}${root ? ', as root' : ''}`],
    ['TMPDIR', `${temporaryFolder.path}, ${free}`],
    ['memory', `${inGigabytes(memory.freeBytes)} of ${inGigabytes(memory.totalBytes)} free`],
    ...describeDocker(docker),
  ]
  return [table(rows), ...engines.map(describeEngine)].join('\n\n')
}

type Row = readonly [name: string, text: string]

function describeDocker(docker: DockerFindings): Row[] {
  if (!docker.answers) return [['Docker', `${docker.reason} ${docker.remedy}`]]
  const named = (present: boolean): string =>
    docker.images
      .filter((image) => image.present === present)
      .map(({ name }) => name)
      .join(', ') || 'none'
  return [
    ['Docker', `${docker.version} at ${docker.address}`],
    ['images', `there: ${named(true)}; not there: ${named(false)}`],
  ]
}

function describeEngine(findings: EngineFindings): string {
  const title = `${findings.title}: ${conclusion(findings)}`
  return [title, table(findings.providers.map(describeFinding))].join('\n')
}

function conclusion({ engine, auto, providers }: EngineFindings): string {
  const call = `--database ${engine}`
  const chosen = providers.find(({ provider }) => provider === auto)
  if (chosen?.usable === 'maybe') return `${call} tries provider ${chosen.provider}`
  if (chosen) return `${call} takes provider ${chosen.provider}`
  if (providers.every(({ usable }) => usable === 'no')) return `${call} finds no server`
  return `${call} has a URL that cannot be used, and nothing else is tried then`
}

const describeFinding = ({ provider, usable, detail, remedy }: Finding): Row => [
  `  ${provider}`,
  `${usable.padEnd(widestUsable)}  ${[detail, remedy].filter(Boolean).join(' ')}`,
]

const widestUsable = 'maybe'.length

/** Two columns, the second one wrapped. */
function table(rows: readonly Row[]): string {
  const widest = Math.max(...rows.map(([name]) => name.length), minimalWidth)
  return rows.flatMap(([name, text]) => lines(name.padEnd(widest), text)).join('\n')
}

const minimalWidth = '  container'.length

function lines(name: string, text: string): string[] {
  const margin = ' '.repeat(name.length + 2)
  return wrap(text, pageWidth - margin.length).map((line, index) =>
    `${index === 0 ? `${name}  ` : margin}${line}`.trimEnd(),
  )
}

const inGigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
