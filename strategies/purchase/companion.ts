/** Products come in pairs, 1 and 2, 3 and 4: who buys a printer is shown the stock of its cartridges. */
export const companionOf = (productId: number): number =>
  productId % 2 === 0 ? productId - 1 : productId + 1
