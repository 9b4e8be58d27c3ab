/**
 * @typedef {Node | string | number | null | undefined | false | readonly Child[]} Child
 * @typedef {Readonly<Record<string, string | number | boolean | ((event: Event) => void) | undefined>>} Attributes
 */

/**
 * An element: attributes by name (`on…` are listeners, `--…` are properties of its style), and children,
 * of which strings become text and never HTML.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) set(element, key, value)
  append(element, children)
  return element
}

/**
 * @param {HTMLElement} element
 * @param {string} key
 * @param {Attributes[string]} value
 */
function set(element, key, value) {
  if (value === undefined || value === false) return
  if (typeof value === 'function') element.addEventListener(key.slice(2), value)
  else if (key.startsWith('--')) element.style.setProperty(key, String(value))
  else element.setAttribute(key, value === true ? '' : String(value))
}

/**
 * @param {Element} element
 * @param {readonly Child[]} children
 */
function append(element, children) {
  for (const child of children) {
    if (child instanceof Node || typeof child === 'string') element.append(child)
    else if (typeof child === 'number') element.append(String(child))
    else if (child) append(element, child)
  }
}

/** Text for screen readers alone. @param {string} text */
export const unseen = (text) => h('span', { class: 'unseen' }, text)

/**
 * Something that is folded until it is asked for.
 *
 * @param {string} summary
 * @param {...Child} children
 */
export const folded = (summary, ...children) =>
  h('details', {}, h('summary', {}, summary), ...children)

/**
 * Names and values.
 *
 * @param {readonly { readonly name: string, readonly value: Child }[]} pairs
 * @param {string} [kind]
 */
export const facts = (pairs, kind = 'facts') =>
  h(
    'dl',
    { class: kind },
    pairs.map(({ name, value }) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  )

/**
 * A table whose first column names its rows.
 *
 * @param {string} caption
 * @param {readonly string[]} columns
 * @param {readonly (readonly Child[])[]} rows
 */
export const table = (caption, columns, rows) =>
  h(
    'div',
    { class: 'scrolls', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      { class: 'figures' },
      h('caption', {}, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map((name) => h('th', { scope: 'col' }, name)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map(([first, ...others]) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, first),
            others.map((value) => h('td', {}, value)),
          ),
        ),
      ),
    ),
  )

/**
 * A labelled choice of one of several values.
 *
 * @param {string} label
 * @param {readonly { readonly value: string, readonly text: string }[]} options
 * @param {(value: string) => void} onChoice
 */
export function choice(label, options, onChoice) {
  const select = h(
    'select',
    { onchange: () => onChoice(select.value) },
    options.map(({ value, text }) => h('option', { value }, text)),
  )
  return {
    element: h('label', {}, h('span', {}, label), select),
    /** @param {string} value */
    choose: (value) => {
      select.value = value
    },
  }
}
