/** Signs and colours that can be told apart, the signs by everybody. */
export const looks = /** @type {const} */ ([
  { symbol: 'circle', sign: '●' },
  { symbol: 'square', sign: '■' },
  { symbol: 'triangle', sign: '▲' },
  { symbol: 'diamond', sign: '◆' },
  { symbol: 'star', sign: '★' },
  { symbol: 'cross', sign: '✚' },
]).map((look, index) => ({ ...look, color: `var(--plot-${index})` }))

/** How plots look on this page, whichever its colours are. */
export const plotStyle = {
  background: 'none',
  color: 'inherit',
  fontFamily: 'inherit',
  fontSize: '12px',
  overflow: 'visible',
}
