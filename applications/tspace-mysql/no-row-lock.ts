import { defineShop } from './shop.ts'

/** The same without `.rowLock('FOR_UPDATE')`: two read the same stock, and one of them is forgotten. */
export default defineShop('no-row-lock', 'reads the product, then writes its stock back.')
