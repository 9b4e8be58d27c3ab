import type {
  Bought,
  Checkout,
  Purchase,
  Redeem,
  Reply,
  Session,
  Transaction,
} from '../../harness/index.ts'

/** How the two halves of a checkout are done inside a transaction. */
interface Halves {
  redeem(tx: Transaction, command: Pick<Redeem, 'userId' | 'code'>): Promise<Reply>
  buy(tx: Transaction, command: Bought): Promise<Reply>
}

/** Redeem, then buy, all or nothing; or only one of the two, when that is the command. */
export function compose(
  session: Session,
  command: Checkout | Redeem | Purchase,
  { redeem, buy }: Halves,
): Promise<Reply> {
  return session.transaction(async (tx) => {
    if (command.kind === 'redeem') return redeem(tx, command)
    if (command.kind === 'purchase') return buy(tx, command)
    const redeemed = await redeem(tx, command)
    return redeemed.kind === 'ok' ? buy(tx, command) : redeemed
  })
}
