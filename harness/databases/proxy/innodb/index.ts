import { HarnessFault } from '../../../errors.ts'
import type { WireProtocol } from '../wire.ts'

/** Replaced by the branch that holds the protocol: take that one's file. */
export const innodbWire: WireProtocol = {
  follow: () => {
    throw new HarnessFault('This protocol cannot be followed yet.')
  },
}
