/**
 * What the messages of either side are called, by their type byte.
 * Source: PostgreSQL manual, 54.7 "Message Formats".
 */
export const messageNames = {
  client: {
    B: 'Bind',
    C: 'Close',
    D: 'Describe',
    E: 'Execute',
    F: 'FunctionCall',
    H: 'Flush',
    P: 'Parse',
    Q: 'Query',
    S: 'Sync',
    X: 'Terminate',
    c: 'CopyDone',
    d: 'CopyData',
    f: 'CopyFail',
    p: 'an answer to a request for authentication',
  },
  server: {
    '1': 'ParseComplete',
    '2': 'BindComplete',
    '3': 'CloseComplete',
    A: 'NotificationResponse',
    C: 'CommandComplete',
    D: 'DataRow',
    E: 'ErrorResponse',
    G: 'CopyInResponse',
    H: 'CopyOutResponse',
    I: 'EmptyQueryResponse',
    K: 'BackendKeyData',
    N: 'NoticeResponse',
    R: 'Authentication',
    S: 'ParameterStatus',
    T: 'RowDescription',
    V: 'FunctionCallResponse',
    W: 'CopyBothResponse',
    Z: 'ReadyForQuery',
    c: 'CopyDone',
    d: 'CopyData',
    n: 'NoData',
    s: 'PortalSuspended',
    t: 'ParameterDescription',
    v: 'NegotiateProtocolVersion',
  },
} as const

export type Side = keyof typeof messageNames
export type ClientType = keyof typeof messageNames.client
export type ServerType = keyof typeof messageNames.server

/** The type byte of a message, or nothing if that side has no such messages. */
export function messageType<From extends Side>(
  side: From,
  byte: number,
): keyof (typeof messageNames)[From] | undefined {
  return types[side][byte] as keyof (typeof messageNames)[From] | undefined
}

/** The letters by their bytes. */
const types = { client: typesOf('client'), server: typesOf('server') } as const

function typesOf(side: Side): readonly (string | undefined)[] {
  const letters: (string | undefined)[] = Array.from({ length: 256 })
  for (const letter of Object.keys(messageNames[side])) letters[letter.charCodeAt(0)] = letter
  return letters
}

/** A message as errors name it, such as "The client sent Bind". */
export function sentBy(side: Side, type: string | undefined): string {
  const names: Readonly<Record<string, string>> = messageNames[side]
  return `The ${side} sent ${names[type ?? ''] ?? 'a first message'}`
}
