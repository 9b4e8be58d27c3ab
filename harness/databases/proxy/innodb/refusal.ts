/** ER_QUERY_INTERRUPTED, as after KILL QUERY. */
const code = 1317
const state = '70100'

/**
 * What a server says that has interrupted a statement: an ERR packet, the first of an answer.
 * Source: MySQL "Client/Server Protocol", "ERR_Packet".
 */
export function innodbRefusal(message: string): readonly Buffer[] {
  const body = Buffer.concat([
    Buffer.from([0xff, code & 0xff, code >> 8]),
    Buffer.from(`#${state}${message}`),
  ])
  const head = Buffer.alloc(4)
  head.writeUIntLE(body.length, 0, 3)
  head[3] = 1
  return [Buffer.concat([head, body])]
}
