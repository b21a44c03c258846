import { computed, signal } from '@preact/signals'

/** `#/search?q=…`: the console is one page, so the path is after the `#`. */
const hash = signal(location.hash)
/** Counts the addresses visited. A page reads its address once, when it opens. */
export const visits = signal(0)
addEventListener('hashchange', () => {
  hash.value = location.hash
  visits.value += 1
})

export interface Route {
  /** `search`; empty for the overview. */
  readonly page: string
  /** `documents/12` → `12`. */
  readonly id: string | null
  readonly query: URLSearchParams
}

export const route = computed<Route>(() => {
  // A question may hold further question marks.
  const [, path = '', query = ''] = /^#?\/?([^?]*)\??(.*)$/s.exec(hash.value) ?? []
  const [page = '', id] = path.split('/')
  return {
    page,
    id: id === undefined || id === '' ? null : decoded(id),
    query: new URLSearchParams(query),
  }
})

/** The text itself if `encodeURIComponent` did not make it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

type Query = Readonly<Record<string, string | number | undefined>>

export function linkTo(path: string, query: Query = {}): string {
  const present = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const text = new URLSearchParams(present.map(([name, value]) => [name, String(value)])).toString()
  return `#/${path}${text === '' ? '' : `?${text}`}`
}

export function goTo(path: string, query: Query = {}): void {
  location.hash = linkTo(path, query)
}

/** Changes the part after the `?` without a new entry in the history. */
export function noteInAddress(path: string, query: Query): void {
  history.replaceState(null, '', linkTo(path, query))
  hash.value = location.hash
}
