/** What the address holds after its #: which cells are shown, and which one is open. */

const names = /** @type {const} */ ([
  'workload',
  'strategy',
  'platform',
  'level',
  'verdict',
  'plotWorkload',
  'plotLevel',
  'load',
  'colored',
  'cell',
])

/** @typedef {Readonly<Record<typeof names[number], string>>} Address */

/** @returns {Address} */
function read() {
  const given = new URLSearchParams(location.hash.slice(1))
  const known = names.map((name) => [name, given.get(name) ?? ''])
  return Object.fromEntries(known)
}

let current = read()
/** @type {((address: Address, before: Address) => void)[]} */
const listeners = []

export const address = () => current

/** Called whenever something of it has changed. @param {typeof listeners[number]} listener */
export const onAddress = (listener) => void listeners.push(listener)

/** Changes some of it. @param {Partial<Address>} change */
export function go(change) {
  const wanted = { ...current, ...change }
  const given = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== ''))
  // The page stays where it is, and going back leaves the page.
  history.replaceState(null, '', `#${given}`)
  follow()
}

function follow() {
  const before = current
  current = read()
  if (names.every((name) => current[name] === before[name])) return
  for (const listener of listeners) listener(current, before)
}

addEventListener('hashchange', follow)
