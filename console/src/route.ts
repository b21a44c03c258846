import { computed, signal } from '@preact/signals'

/** `#/search?q=…`: the page is all in one file, so its places are after the `#`. */
const hash = signal(location.hash)
/** Grows with each address that somebody went to; a page reads what it says once, when it opens. */
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

/** As it is where it is not what `encodeURIComponent` makes. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

type Query = Readonly<Record<string, string | number | undefined>>

export function linkTo(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return `#/${path}${text === '' ? '' : `?${text}`}`
}

export function goTo(path: string, query: Query = {}): void {
  location.hash = linkTo(path, query)
}

/** Changes what is after the `?` without another step in the history. */
export function noteInAddress(path: string, query: Query): void {
  history.replaceState(null, '', linkTo(path, query))
  hash.value = location.hash
}
