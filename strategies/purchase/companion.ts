/** The other of the two products: who buys a printer is shown the stock of its cartridges. */
export const companionOf = (productId: number): number => 3 - productId
