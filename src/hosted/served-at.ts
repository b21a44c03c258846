/** The URL of a server that speaks OpenAI's format. */
export interface ServedAt {
  /** Without a trailing slash and without parameters. */
  readonly baseURL: string
  /** Of the URL: Azure's `api-version`. */
  readonly queryParams: Record<string, string>
  /** Azure expects its key in a header of its own. */
  readonly isAzure: boolean
}

/** Null if it is not an http(s) URL. */
export function servedAt(baseUrl: string): ServedAt | null {
  if (!/^https?:/.test(baseUrl) || !URL.canParse(baseUrl)) return null
  const url = new URL(baseUrl)
  const queryParams = Object.fromEntries(url.searchParams)
  url.search = ''
  return { baseURL: url.href.replace(/\/$/, ''), queryParams, isAzure: /\.azure\.com$/.test(url.hostname) }
}
