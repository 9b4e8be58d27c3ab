import { byName, engines, executeRun, prepareLane, explorers } from '../harness/index.ts'
import { strategies } from '../strategies/index.ts'
const urls: Record<string, string> = {
  mysql: 'mysql://root:lockstep@127.0.0.1:33306/',
  mariadb: 'mariadb://root:lockstep@127.0.0.1:33308/',
  m10: 'mariadb://root:lockstep@localhost/?socketPath=/tmp/w/mdb/s.sock',
}
const [key = 'mysql', name = 'select-for-update', w = 'purchase'] = process.argv.slice(2)
const engine = byName('database', engines, key === 'm10' ? 'mariadb' : key)
const lane: any = await engine.openLane(
  { engine: engine.name, provider: 'url', url: urls[key]!, stop: async () => {} },
  { isolation: engine.defaultIsolation },
)
const times: Record<string, [number, number]> = {}
for (const m of ['runReset', 'observe', 'waits']) {
  const f = lane[m].bind(lane)
  lane[m] = async (...a: any[]) => {
    const s = performance.now()
    try {
      return await f(...a)
    } finally {
      const t = (times[m] ??= [0, 0])
      t[0]++
      t[1] += performance.now() - s
    }
  }
}
const s = strategies.find((x) => x.workload.name === w && x.name === name)!
await prepareLane(lane, s)
const start: any = s.workload.scenarios[0].start(2)
const plan = { ...start, schedule: [], attempts: 3 }
const ss = await lane.sessions(2)
for (const x of ss) {
  const f = x.execute.bind(x)
  x.execute = async (...a: any[]) => {
    const s = performance.now()
    const r = await f(...a)
    const k = 'stmt ' + a[0].parts.join('?').trim().slice(0, 30)
    const t = (times[k] ??= [0, 0])
    t[0]++
    t[1] += performance.now() - s
    return r
  }
}
for (let round = 0; round < 6; round++) {
  const ex: any = byName('explorer', explorers, 'exhaustive')
  const search = ex.search()
  let n = 0
  const t0 = performance.now()
  for (let c = search.next(); c; c = search.next()) {
    await executeRun({ lane, strategy: s, plan, choose: c })
    n++
  }
  console.log(n, ((n * 1000) / (performance.now() - t0)).toFixed(0) + '/s')
}
for (const [k, [n, t]] of Object.entries(times)) console.log(k.padEnd(40), n, (t / n).toFixed(3))
await lane.close()
