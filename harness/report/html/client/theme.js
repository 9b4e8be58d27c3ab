import { h } from './dom.js'

const themes = /** @type {const} */ (['system', 'light', 'dark'])
const key = 'lockstep-theme'

/** A page that is opened as a file may not be allowed to keep anything. */
function kept() {
  try {
    return localStorage.getItem(key) ?? 'system'
  } catch {
    return 'system'
  }
}

/** @param {string} theme */
function keep(theme) {
  try {
    localStorage.setItem(key, theme)
  } catch {
    // Then it lasts until the page is closed.
  }
}

/** @param {string} theme */
function apply(theme) {
  document.documentElement.dataset['theme'] = theme
}

/** Light, dark, or as the system is. */
export function themeChoice() {
  const chosen = kept()
  apply(chosen)
  return h(
    'fieldset',
    { class: 'theme' },
    h('legend', { class: 'unseen' }, 'Colours'),
    themes.map((theme) =>
      h(
        'label',
        {},
        h('input', {
          type: 'radio',
          name: 'theme',
          value: theme,
          checked: theme === chosen,
          onchange: () => {
            apply(theme)
            keep(theme)
          },
        }),
        h('span', {}, theme),
      ),
    ),
  )
}
