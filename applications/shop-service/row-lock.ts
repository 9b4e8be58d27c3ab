import { defineShop } from './shop.ts'

/** The same service, started with --lock: whoever comes second waits for the product. */
export default defineShop('row-lock', 'locks the product before it reads its stock.', ['--lock'])
