/** What a key allows; each includes those before it. */
export const scopes = ['read', 'write', 'admin'] as const
export type Scope = (typeof scopes)[number]

export function allows(held: Scope, needed: Scope): boolean {
  return scopes.indexOf(held) >= scopes.indexOf(needed)
}

/** What is known of a key: everything but the key. */
export interface ApiKey {
  /** The public half, which stands in the key itself. */
  readonly id: string
  /** Unique among the keys that are not revoked. */
  readonly name: string
  readonly scope: Scope
  /** Null: the service's limit. */
  readonly requestsPerMinute: number | null
  readonly createdBy: string
  readonly createdAt: Date
  /** Null: never. */
  readonly expiresAt: Date | null
  /** To the minute. */
  readonly lastUsedAt: Date | null
  /** Null: it is in force. */
  readonly revokedAt: Date | null
}

export interface NewApiKey {
  readonly name: string
  readonly scope: Scope
  readonly requestsPerMinute?: number
  readonly expiresAt?: Date
}

/** A change that somebody asked for. */
export interface AuditEntry {
  readonly id: string
  readonly at: Date
  /** `key:<id>`, or the user of the command line. */
  readonly actor: string
  readonly action: string
  /** What was to be changed. */
  readonly subject: string
  /** HTTP status of the answer; null: it did not come to its end. */
  readonly status: number | null
  readonly requestId: string | null
  readonly data: Readonly<Record<string, unknown>>
}

export type NewAuditEntry = Pick<AuditEntry, 'actor' | 'action'> &
  Partial<Pick<AuditEntry, 'subject' | 'status' | 'requestId' | 'data'>>

/** The answer to a request, as it is given again when the request comes again. */
export interface KeptAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Plain JSON. */
  readonly body: unknown
}
