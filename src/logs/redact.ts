/** Replaces a secret. */
const mask = '[redacted]'

/**
 * Names of fields whose text is never shown, whatever it is: `apiKey`, `x-api-key`, `OPENAI_API_KEY`,
 * `pgpassword`, …
 */
const secretField =
  /(^|[_\-.]|[a-z])(password|passwd|passphrase|secret|authorization|api[_-]?key|access[_-]?token|cookie)$|^(token|pass|pwd)$/i

/** Patterns in running text that a secret follows. The first group stays. */
const secretPlaces: readonly RegExp[] = [
  // scheme://user:password@host, except for the words of an example
  /([a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*:)(?!password@host\b)[^\s/"'<>]*(?=@)/gi,
  // ?password=… &api_key=…  password=… (libpq), OPENAI_API_KEY: …, "apiKey": "…"
  /((?:password|passwd|passphrase|secret|api[_-]?key|access[_-]?token|[?&](?:key|token|sig))["']?\s*[=:]\s*["']?)(?!\[redacted)[^\s"'&,;}]+/gi,
  // Authorization: …, except for `Authorization: Bearer KEY`, as a hint spells it
  /((?:proxy-)?authorization["']?\s*[=:]\s*["']?)(?!bearer (?:key|…)`)(?:(?:bearer|basic|token)\s+)?(?!\[redacted)[^\s"',;}]+/gi,
  /(\b(?:bearer|basic)\s+)(?!\[redacted)[a-z0-9._~+/=-]{8,}/gi,
]

/** Keys with a recognisable form. */
const secretForms = /\b(?:rvk_[0-9a-f]{16}_[\w-]{43}|sk-[\w-]{16,}|AIza[\w-]{30,}|pa-[\w-]{32,})/g

export interface Redactor {
  /** The text without secrets. */
  text(text: string): string
  /** A copy of plain data without secrets; errors become objects with their causes. */
  value(value: unknown): unknown
}

/**
 * Everything printed or logged passes through here. Known secrets are removed wherever they occur, in every
 * spelling a URL or JSON gives them; unknown ones are recognised by the name of their field or by the text
 * before them.
 */
export function createRedactor(secrets: readonly string[] = []): Redactor {
  const literals = [...new Set(secrets.flatMap(spellings))].sort((a, b) => b.length - a.length)

  function text(input: string): string {
    let output = input
    for (const literal of literals) output = output.replaceAll(literal, mask)
    for (const place of secretPlaces) output = output.replace(place, `$1${mask}`)
    return output.replace(secretForms, mask)
  }

  function walk(input: unknown, above: readonly object[]): unknown {
    if (typeof input === 'string') return text(input)
    if (typeof input === 'bigint') return String(input)
    if (typeof input !== 'object' || input === null) return input
    if (input instanceof Date) return input
    if (above.includes(input)) return '[circular]'
    if (above.length > 20) return '[too deep]'
    const path = [...above, input]
    if (Array.isArray(input)) return input.map((item) => walk(item, path))
    if (ArrayBuffer.isView(input)) return `[${input.byteLength} bytes]`
    const entries = input instanceof Error ? errorEntries(input) : Object.entries(input)
    return Object.fromEntries(
      entries.map(([key, item]) => [
        text(key),
        typeof item === 'string' && secretField.test(key) ? mask : walk(item, path),
      ]),
    )
  }

  return { text, value: (input) => walk(input, []) }
}

/** The secrets of a configuration: provider keys, and the passwords of the database's connections. */
export function secretsOf(config: {
  readonly databaseUrl?: string
  readonly directDatabaseUrl?: string
  readonly keys: Readonly<Record<string, string | undefined>>
  readonly connectionEnvironment?: Readonly<Record<string, string | undefined>>
}): readonly string[] {
  const known = [config.connectionEnvironment?.['PGPASSWORD'], ...Object.values(config.keys)]
  return [
    ...known.filter((secret) => secret !== undefined && secret.length >= 4 && !ordinary.includes(secret)),
    ...passwordsOf(config.databaseUrl),
    ...passwordsOf(config.directDatabaseUrl),
  ] as string[]
}

/** Ordinary words, which would be blanked out everywhere. Inside a URL a password is recognised by its position. */
const ordinary = ['postgres', 'password']

function passwordsOf(connection: string | undefined): readonly string[] {
  if (connection === undefined) return []
  // user:password@ of a URL, even of one with several hosts; ?password=… and sslpassword; libpq's password=… or '…'.
  const [, user = '', inUrl] = /^[a-z]+:\/\/([^:/?@]*):([^/?]*)@/i.exec(connection) ?? []
  const named = [...connection.matchAll(/password\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s&']+))/gi)]
  const found = [inUrl, ...named.map(([, quoted, plain]) => quoted ?? plain)]
  const [, host = '', database = ''] = /@([^:/?]*)[^/?]*\/?([^?]*)/.exec(connection) ?? []
  const words = [...ordinary, user, host, database]
  return found.filter((text) => text !== undefined && text.length >= 4 && !words.includes(text)) as string[]
}

function spellings(secret: string): readonly string[] {
  let decoded = secret
  try {
    decoded = decodeURIComponent(secret)
  } catch {
    // Not percent-encoded: the value is used as it is.
  }
  return [secret, decoded, encodeURIComponent(decoded), JSON.stringify(decoded).slice(1, -1)]
}

function errorEntries(error: Error): readonly (readonly [string, unknown])[] {
  const own = Object.entries(error).filter(([key]) => key !== 'name' && key !== 'stack')
  return [
    ['name', error.name],
    ['message', error.message],
    ...own,
    ...(error.stack === undefined ? [] : [['stack', error.stack] as const]),
    ...(error.cause === undefined ? [] : [['cause', error.cause] as const]),
  ]
}
