import { defineShop } from './shop.ts'

/** Whoever comes second waits for the lock, and reads the stock that the first one has left. */
export default defineShop('row-lock', 'locks the product FOR UPDATE, then writes its stock back.')
