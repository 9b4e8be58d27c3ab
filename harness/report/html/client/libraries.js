/** @import * as ObservablePlot from '@observablehq/plot' */

/** @type {unknown} */
const page = globalThis

/** Put on the page by the scripts before this one. */
export const Plot = /** @type {{ readonly Plot: typeof ObservablePlot }} */ (page).Plot
