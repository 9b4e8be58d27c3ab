import {
  aborted,
  defineApplication,
  ok,
  purchase,
  rejected,
  startService,
  type CallOptions,
  type Purchase,
  type Reply,
  type Service,
  type Strategy,
} from '../../harness/index.ts'

/** The service as it is deployed, and its commands as the requests of its clients. */
export const defineShop = (
  name: string,
  summary: string,
  parameters: readonly string[],
): Strategy =>
  defineApplication({
    name: `shop-service-${name}`,
    workload: purchase,
    summary: `HTTP service, Fastify and Drizzle: ${summary}`,
    engines: ['postgres'],
    start: ({ url }) =>
      startService({
        command: [process.execPath, 'server.ts', ...parameters],
        cwd: import.meta.dirname,
        env: { DATABASE_URL: url, PORT: '0' },
        ready: /listening on (\S+)/,
      }),
    stop: (service) => service.stop(),
    execute: buy,
  })

async function buy(
  { address }: Service,
  { userId, productId, quantity }: Purchase,
  { note }: CallOptions,
): Promise<Reply> {
  const body = JSON.stringify({ userId, productId, quantity })
  note(`POST /purchases ${body}`)
  const response = await fetch(new URL('/purchases', address), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  const text = await response.text()
  note(`${response.status} ${text}`)
  return replyOf(response.status, text)
}

function replyOf(status: number, text: string): Reply {
  switch (status) {
    case 201:
      return ok()
    case 404:
    case 409:
      return rejected((JSON.parse(text) as { readonly outcome: string }).outcome)
    case 503:
      return aborted('conflict')
    default:
      throw new Error(`The service answered with ${status}: ${text}`)
  }
}
