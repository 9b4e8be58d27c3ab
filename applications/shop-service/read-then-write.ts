import { defineShop } from './shop.ts'

/** Two requests read the same stock, and each writes back what it has computed from it. */
export default defineShop('read-then-write', 'reads the stock, then writes back what is left.', [])
