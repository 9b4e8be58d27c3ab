import { engines, byName, explorers, prepareLane } from '../harness/index.ts'
import { surveyPlans, surveyScenarios } from '../harness/survey.ts'
import { strategies } from '../strategies/index.ts'
import { obtainServer } from '../harness/index.ts'
const [e = 'postgres', n = '300', only] = process.argv.slice(2)
const engine = byName('database', engines, e)
const server = await obtainServer(engine)
const ex: any = byName('explorer', explorers, 'exhaustive'),
  rnd: any = byName('explorer', explorers, 'random')
const variants = ['read-uncommitted', 'read-committed', 'repeatable-read', 'serializable'].flatMap(
  (isolation: any) =>
    engine.hasSnapshotIsolation
      ? [
          { isolation, snapshotIsolation: false },
          { isolation, snapshotIsolation: true },
        ]
      : [{ isolation }],
)
const out: any[] = []
for (const v of variants) {
  const lane = await engine.openLane(server, v as any)
  for (const s of strategies) {
    if (only && !`${s.workload.name}/${s.name}`.includes(only)) continue
    if (!s.engines.includes(engine.name)) continue
    const t0 = performance.now()
    try {
      await prepareLane(lane, s)
      const sc = await surveyScenarios({ lane, strategy: s }, ex, { preemptions: 2 })
      const t1 = performance.now()
      const pl = await surveyPlans({ lane, strategy: s }, rnd, { schedules: Number(n), seed: 7 })
      const t2 = performance.now()
      const o = {
        engine: e,
        isolation: v.isolation,
        snap: (v as any).snapshotIsolation,
        strategy: `${s.workload.name}/${s.name}`,
        claims: s.claims,
        scN: sc.schedules,
        scV: Object.fromEntries(sc.violations),
        scA: Object.fromEntries(sc.aborted),
        plV: Object.fromEntries(pl.violations),
        plA: Object.fromEntries(pl.aborted),
        f: sc.fault?.reason ?? pl.fault?.reason,
        eff: sc.effective,
      }
      out.push(o)
      console.log(JSON.stringify({ ...o, ms: [Math.round(t1 - t0), Math.round(t2 - t1)] }))
    } catch (er: any) {
      console.log('FAIL', v.isolation, s.name, er.message)
    }
  }
  await lane.close()
}
await server.stop()
