/**
 * What a server says that has cancelled a statement, outside transactions: an ErrorResponse and a
 * ReadyForQuery.
 * Source: PostgreSQL manual, 54.7 "Message Formats", and appendix A for `query_canceled`.
 */
export function postgresRefusal(message: string): readonly Buffer[] {
  const fields = Buffer.from(`SERROR\0VERROR\0C57014\0M${message}\0\0`)
  return [tagged('E', fields), tagged('Z', Buffer.from('I'))]
}

function tagged(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
