import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testServer } from '../../testing/lane.ts'
import { serverForFile } from '../../testing/servers.ts'
import type { EngineName } from '../engine-name.ts'
import { engines } from '../engines/index.ts'
import type { ConnectionOwner } from './connection.ts'
import { openDoor, type Door, throughPort } from './door.ts'
import { drawing, messagesIn, mutate, type Draw } from './fixtures/mutations.ts'
import { playClient, ScriptedServer } from './fixtures/playing.ts'
import { record, type Recording, type Turn } from './fixtures/recording.ts'
import { subjects } from './fixtures/subjects.ts'

/** Messages that are not what they were, from either side; and besides, those that a real server is sent. */
const wanted = { ofScript: 10_000, ofRealServer: 1_000 }

/** Two of the engines speak the same protocol. */
const shares = { postgres: 1, mysql: 0.5, mariadb: 0.5 } as const satisfies Record<
  EngineName,
  number
>

/** Conversations at a time. */
const atOnce = 16

/** Keeps nothing, so that whatever is left in memory is not its own. */
const letThrough: ConnectionOwner = {
  opened: () => Promise.resolve(),
  requested: (connection) => {
    void connection.forward().then((response) => {
      if (response) connection.deliver(response)
    })
  },
  renewed: () => Promise.resolve(),
  noticed: () => {},
  closed: () => {},
}

const limits = { bytes: 1_000_000 }
const megabyte = 1024 * 1024

/** Of the database, and of the user who may look into it. */
const name = `lockstep_mutations_${process.pid}`

describe.for(engines)('with $title', async (engine) => {
  const subject = subjects[engine.name]
  const share = shares[engine.name]
  const isAtHand = engine.name === 'postgres'
  const server = isAtHand ? testServer() : await serverForFile(engine)
  const reason = 'missing' in server ? ` (not run: ${server.missing})` : ''

  describe.skipIf('missing' in server)(`nothing crashes, hangs or leaks${reason}`, () => {
    const root = 'missing' in server ? 'none://' : server.url
    const owner = inDatabase(root)
    const url = asGuest(owner)
    let recording: Recording

    beforeAll(async () => {
      const client = await subject.connect(root)
      await client.run(`CREATE DATABASE ${name}`)
      await client.close()
      const own = await subject.connect(owner)
      await own.run('CREATE TABLE pair (a INT PRIMARY KEY, b TEXT)')
      await own.run("INSERT INTO pair VALUES (1, 'one'), (2, 'two')")
      // Who knows what a changed message asks for: the guest can do no harm.
      for (const text of subject.admit(name, name)) await own.run(text)
      await own.close()
      recording = await record(subject.upstream(url).address, async (port, hasLoggedIn) => {
        const recorded = await subject.connect(throughPort(url, port))
        hasLoggedIn()
        await recorded.converse()
        await recorded.close()
      })
    })

    afterAll(async () => {
      const client = await subject.connect(root)
      await client.run(`DROP DATABASE ${name}${isAtHand ? ' WITH (FORCE)' : ''}`)
      await client.run(`DROP USER ${name}`)
      await client.close()
    })

    test('by what a client says to the server itself', async () => {
      const door = await openDoor(subject.upstream(url), letThrough, limits)
      const healthy = await subject.connect(door.url)
      const ask = async (round: number): Promise<void> => {
        expect(await healthy.ask(round)).toBe(round)
      }
      await withoutLeaks(door, ask, () =>
        inLanes(share * wanted.ofRealServer, async (draw) => {
          const { talk, countIfChanged, count } = change('client', draw)
          const client = await subject.connect(door.url)
          await playClient(client.takeSocket(), talk, 'some', countIfChanged)
          return count()
        }),
      )
      await healthy.close()
      await door.close()
    })

    test.for(['client', 'server'] as const)('by what a %s says from the start', async (side) => {
      const { turns } = recording
      const scripted = await ScriptedServer.start()
      const upstream = { ...subject.upstream(url), address: scripted.address }
      const door = await openDoor(upstream, letThrough, limits)
      const port = Number(new URL(door.url).port)
      const unchanged = async (): Promise<Buffer> =>
        playClient(await scripted.open(port, { turns }), turns, 'all')
      // A greeting may be told without what the proxy does not do, such as compression.
      const answers = await unchanged()
      expect(answers).toHaveLength(bytesOf(turns.filter((turn) => turn.side === 'server')))
      const repeat = async (): Promise<void> => {
        expect((await unchanged()).equals(answers)).toBe(true)
      }
      await withoutLeaks(door, repeat, () =>
        inLanes(share * wanted.ofScript, async (draw) => {
          const { login, talk, countIfChanged, count } = change(side, draw)
          const script = { turns: [...login, ...talk], said: countIfChanged }
          const socket = await scripted.open(port, script)
          await playClient(socket, script.turns, 'some', countIfChanged)
          return count()
        }),
      )
      await door.close()
      await scripted.stop()
    })

    /** How one logs in, and a little of what is said then, with one message of that side's changed in each turn. */
    function change(side: Turn['side'], draw: Draw) {
      const changed = new Set<Turn>()
      let said = 0
      const alter = (turn: Turn): Turn => {
        if (turn.side !== side) return turn
        const messages = mutate(messagesIn(turn.bytes, subject.framing), draw, subject.framing)
        const altered = { side, bytes: Buffer.concat(messages) }
        changed.add(altered)
        return altered
      }
      const login = recording.turns.slice(0, recording.login)
      const talk = recording.turns.slice(recording.login)
      const first = draw(talk.length)
      return {
        login: draw(5) === 0 ? login.map(alter) : login,
        talk: talk.slice(first, first + 1 + draw(6)).map(alter),
        countIfChanged: (turn: Turn): void => {
          if (changed.has(turn)) said += 1
        },
        count: () => said,
      }
    }
  })
})

const bytesOf = (turns: readonly Turn[]): number =>
  turns.reduce((sum, { bytes }) => sum + bytes.length, 0)

/**
 * Has it done over and over, until as many messages were changed as are wanted.
 *
 * @param once says how many it has changed
 */
async function inLanes(messages: number, once: (draw: Draw) => Promise<number>): Promise<void> {
  const lane = async (seed: number): Promise<void> => {
    const draw = drawing(seed)
    let left = messages / atOnce
    while (left > 0) left -= await once(draw)
  }
  await Promise.all(Array.from({ length: atOnce }, (_, seed) => lane(seed)))
}

/**
 * Expects that a healthy conversation goes on meanwhile, again and again, and that afterwards there are no
 * more connections than before, and not much more memory in use.
 */
async function withoutLeaks(
  door: Door,
  goOn: (round: number) => Promise<void>,
  act: () => Promise<void>,
): Promise<void> {
  const before = { connections: door.connections, sockets: openSockets(), memory: memoryInUse() }
  const end = new AbortController()
  let rounds = 0
  let most = 0
  const going = (async () => {
    for (; !end.signal.aborted; rounds++) await goOn(rounds)
  })()
  const sampling = setInterval(() => {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    most = Math.max(most, heapUsed + arrayBuffers)
  }, 20)
  try {
    await Promise.race([act(), going])
  } finally {
    clearInterval(sampling)
    end.abort()
    await going
  }
  expect(rounds).toBeGreaterThan(20)
  await expect.poll(() => door.connections, { timeout: 5_000 }).toBe(before.connections)
  await expect.poll(openSockets, { timeout: 5_000 }).toBe(before.sockets)
  // What code and caches take besides, on a busy machine; a connection that stayed would be more than 4 KB.
  expect(memoryInUse() - before.memory).toBeLessThan(25 * megabyte)
  expect(most).toBeLessThan(500 * megabyte)
}

/** Of the whole process. */
const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((resource) => /^(TCPSocket|Pipe)Wrap$/.test(resource))
    .length

/** Of what is in reach, in bytes. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function inDatabase(url: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

function asGuest(url: string): string {
  const changed = new URL(url)
  changed.username = name
  changed.password = name
  return changed.href
}
