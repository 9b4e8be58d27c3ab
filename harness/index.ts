/**
 * The only public door of the harness.
 *
 * @module lockstep
 */

export { aborted, ok, rejected, unknown, type AbortClass, type Reply } from './reply.ts'
export { DatabaseError, isDatabaseError, type ErrorClass } from './databases/database-error.ts'
export {
  describeIsolation,
  isolationLevels,
  type IsolationLevel,
  type IsolationSetting,
} from './databases/isolation.ts'
export { engineNames, type EngineName } from './databases/engine-name.ts'
export type { PerEngine, Rows, Table } from './databases/engine.ts'
export type { ActorProcess, ResultRows, Session, Sql, Transaction } from './session.ts'
export { defineStrategy, isStrategy, type Strategy, type StrategyDefinition } from './strategy.ts'
export {
  contentions,
  type AnyCommand,
  type AnyWorkload,
  type Contention,
  type Handler,
  type Handlers,
  type LoadProfile,
  type Range,
  type Rush,
  type RushOptions,
  type Scenario,
  type Workload,
} from './workload.ts'
export type { Invariant, Observation, PerformedCommand, Violation } from './invariant.ts'
export { redemption } from './workloads/redemption.ts'
export { purchase } from './workloads/purchase.ts'
export { checkout, type Checkout } from './workloads/checkout.ts'
export { workloads } from './workloads/index.ts'
export type { Redeem, Deactivate } from './workloads/coupons.ts'
export type { Bought, Purchase, Restock } from './workloads/stock.ts'
export { engines } from './databases/engines/index.ts'
export { obtainServer, providers } from './databases/providers/index.ts'
export {
  providerNames,
  Unavailable,
  type Provider,
  type ProviderName,
  type ServerChoice,
} from './databases/providers/provider.ts'
export type { Engine, Lane } from './databases/engine.ts'
export { diagnose, type Diagnosis } from './databases/doctor/diagnosis.ts'
export type { DatabaseServer } from './databases/server.ts'
export { grains, type Grain } from './grain.ts'
export {
  faultScopes,
  faultsNamed,
  faultTypes,
  needsDurability,
  type FaultScope,
} from './faults/index.ts'
export { faultNames, type FaultName, type FaultType, type PlannedFault } from './faults/fault.ts'
export { judgeable } from './oracles/judgement.ts'
export { explorers } from './explorers/index.ts'
export { exhaustive } from './explorers/exhaustive.ts'
export { pct, pctOfDepth } from './explorers/pct.ts'
export { portfolio } from './explorers/portfolio.ts'
export { pos } from './explorers/pos.ts'
export { urw } from './explorers/urw.ts'
export { random } from './explorers/random.ts'
export { reduced } from './explorers/reduced.ts'
export { settingOf, type Setting } from './footprints/setting.ts'
export { Coverage, classOf, type CoverageSummary } from './coverage.ts'
export type {
  Explorer,
  SamplingExplorer,
  Search,
  SearchBounds,
  SystematicExplorer,
} from './explorers/explorer.ts'
export {
  DatabaseFault,
  Fault,
  HarnessFault,
  ReplayDivergence,
  Standstill,
  StepLimitReached,
  StrategyFault,
  UsageError,
  describeThrown,
  whereThrown,
  type FaultKind,
} from './errors.ts'
export { strayFault } from './stray.ts'
export { default as fc } from 'fast-check'
export { z } from 'zod'
export { byName, unknownName } from './names.ts'
export { commandName } from './command-name.ts'
export { moduleBeside } from './module-beside.ts'
export { checkOptions, explore, type ExploreOptions } from './explore.ts'
export { surveyPlans, surveyScenario, surveyScenarios, type Survey } from './survey.ts'
export { executeLoad, type LoadOptions, type LoadResult } from './concurrency/load.ts'
export {
  rushOf,
  simulate,
  type Outcome,
  type Simulated,
  type SimulatedInvariant,
  type Simulation,
  type SimulationOptions,
} from './concurrency/simulate.ts'
export {
  renderSimulation,
  renderSimulations,
  simulationsToJson,
  simulationsVerdict,
  type Simulations,
} from './report/simulation.ts'
export type { Latency } from './concurrency/latency.ts'
export { executeNaively, type Coordination } from './concurrency/naive.ts'
export {
  defineApplication,
  type ActorsOf,
  type Application,
  type ApplicationDefinition,
  type CallOptions,
  type StartOptions,
} from './application/application.ts'
export { executeRun, judge, prepareLane, type RunOptions, type RunRecord } from './run.ts'
export { defaultAttempts, type Plan } from './plan.ts'
export { actorName, firstQueue, type History, type RunEvent } from './history.ts'
export type { Chooser, ChoicePoint } from './scheduler/choice.ts'
export { defaultLimits, type Limits } from './limits.ts'
export type { Counterexample, Exploration } from './verdict.ts'
export { checkRecording, decodeToken, encodeToken, type Recording } from './counterexample/token.ts'
export { corpusFiles, keepKnown } from './counterexample/corpus.ts'
export {
  formatKnown,
  knownFrom,
  knownPath,
  parseKnown,
  type KnownCounterexample,
} from './counterexample/known.ts'
export { replay } from './counterexample/replay.ts'
export {
  serialEquivalence,
  type NearestOrder,
  type SerialEquivalence,
} from './oracles/serial-equivalence.ts'
export type { SerialCommand, SerialDifference, SerialOrder } from './oracles/serial-orders.ts'
export { confirmBySerialRuns, runSerially, type SerialConfirmation } from './oracles/serial-runs.ts'
export {
  anomalyOf,
  type Anomaly,
  type AnomalyContext,
  type AnomalyEdge,
} from './oracles/anomaly.ts'
export { anomalyNames, definitions, type AnomalyName } from './oracles/anomaly-names.ts'
export { Liveness, describeLiveness, type LivenessSummary } from './oracles/liveness.ts'
export { differenceBetween, type RunDifference } from './oracles/self-check.ts'
export { pageWidth, wrap } from './report/layout.ts'
export type { Aspect, Finding, PropertyRecord } from './report/property-record.ts'
export {
  propertiesVerdict,
  renderPropertySummary,
  type PropertyResult,
  type PropertyRun,
} from './report/property-summary.ts'
export { renderText } from './report/text.ts'
export { toJson } from './report/json.ts'
export {
  matrixToJson,
  matrixVerdict,
  renderMatrix,
  type Matrix,
  type NotRun,
} from './report/matrix.ts'
export { renderReport } from './report/html/report.ts'
export { renderReplay, replayToJson, type Replayed } from './report/replay.ts'
export { isolationCases } from './hermitage/cases/index.ts'
export {
  hermitageVerdict,
  runIsolationCases,
  type HermitageResult,
  type HermitageVerdict,
  type LevelNotRun,
  type LevelResult,
} from './hermitage/hermitage.ts'
export type { IsolationCase } from './hermitage/isolation-case.ts'
export { platforms, platformSettings, type Platform } from './hermitage/platform.ts'
export { renderHermitage } from './hermitage/render.ts'
export { hermitageToJson } from './hermitage/to-json.ts'
export { exportSpec, type ExportedRun } from './spec/export.ts'
export { parseSpec } from './spec/parse.ts'
export { countPermutations } from './spec/permutations.ts'
export {
  defaultStepLimitMs,
  runSpec,
  type PermutationRecord,
  type SpecReport,
  type SpecRunOptions,
} from './spec/run.ts'
export type { Spec } from './spec/spec.ts'
export { efforts, type Effort } from './comparison/effort.ts'
export { runComparison, timeIsUp, type ComparisonOptions } from './comparison/comparison.ts'
export { choosePlaces, type Selection } from './comparison/places.ts'
export { ResultsFolder, ResultsNotWritten } from './comparison/folder.ts'
export { readResults, toResults, type JournalEntry } from './comparison/journal.ts'
export { thisLockstep, thisMachine } from './comparison/provenance.ts'
export { resultsFormat, resultsSchema, resultsVersion, type Results } from './comparison/results.ts'
export { compareResults, type ResultsChange } from './comparison/against.ts'
export { runSeries, runUncontrolled, type Target } from './comparison/series.ts'
export { renderResultsChange, resultsChangeToJson } from './report/comparison/change.ts'
export { resultsToCsv } from './report/comparison/csv.ts'
export { resultsToMarkdown } from './report/comparison/summary.ts'
export { renderComparison } from './report/comparison/terminal.ts'
export { startLines, type Lines } from './application/lines.ts'
export { startService, type Service, type ServiceOptions } from './application/service.ts'
export type { ProgramOptions } from './application/program.ts'
