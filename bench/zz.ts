import { byName, explore, explorers, engines, executeRun } from '../harness/index.ts'
import { strategies } from '../strategies/index.ts'
const urls: Record<string, string> = {
  mysql: 'mysql://root:lockstep@127.0.0.1:33306/',
  mariadb: 'mariadb://root:lockstep@127.0.0.1:33308/',
  m10: 'mariadb://root:lockstep@localhost/?socketPath=/tmp/w/mdb/s.sock',
}
const [key = 'mysql', iso] = process.argv.slice(2)
const engine = byName('database', engines, key === 'm10' ? 'mariadb' : key)
const lane = await engine.openLane(
  { engine: engine.name, provider: 'url', url: urls[key]!, stop: async () => {} },
  { isolation: (iso as never) ?? engine.defaultIsolation },
)
const S = (w: string, n: string) => strategies.find((s) => s.workload.name === w && s.name === n)!
const show = (e: any) =>
  console.log(
    e.workload,
    e.strategy,
    e.explorer.name,
    e.verdict,
    e.schedules,
    e.exhausted,
    e.schedulesPerSecond.toFixed(0) + '/s',
    e.elapsedMs.toFixed(0) + 'ms',
    e.reason ?? '',
    e.counterexample
      ? `${e.counterexample.invariant} actors ${e.counterexample.actors} steps ${e.counterexample.steps} sw ${e.counterexample.contextSwitches} ${e.counterexample.replays.reproduced}/10`
      : '',
    JSON.stringify(e.replies),
  )
try {
  for (const [w, n, x, a] of [
    ['redemption', 'check-then-insert', 'random'],
    ['purchase', 'check-then-decrement', 'random'],
    ['purchase', 'read-modify-write', 'random'],
    ['redemption', 'unique-constraint', 'exhaustive'],
    ['purchase', 'select-for-update', 'exhaustive'],
    ['purchase', 'select-for-update', 'random'],
    ['redemption', 'select-for-update', 'random'],
    ['purchase', 'select-for-update', 'exhaustive', 3],
  ] as any[])
    show(
      await explore({
        lane,
        strategy: S(w, n),
        explorer: byName('explorer', explorers, x),
        schedules: x === 'random' ? 500 : undefined,
        actors: a,
        ...(n === 'read-modify-write' && { invariants: ['stock-conserved'] }),
      }),
    )
  const s = S('redemption', 'check-then-insert')
  const start: any = s.workload.scenarios[0].start(2)
  let n = 0
  const ex: any = byName('explorer', explorers, 'exhaustive')
  const search = ex.search()
  for (let c = search.next(); c; c = search.next()) {
    await executeRun({
      lane,
      strategy: s,
      plan: { ...start, schedule: [], attempts: 3 },
      choose: c,
    })
    n++
  }
  console.log('schedules check-then-insert', n)
} finally {
  await lane.close()
}
