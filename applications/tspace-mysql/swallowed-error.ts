import { defineShop } from './shop.ts'

/** The row is locked, but whoever is refused is told that all is well: it needs no concurrency. */
export default defineShop('swallowed-error', 'locks the product, and only writes down what fails.')
