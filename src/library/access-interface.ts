import type { OnceAnswer, RepeatableRequest } from '../access/once.ts'
import type { ApiKey, AuditEntry, KeptAnswer, NewApiKey, NewAuditEntry } from '../core/access.ts'

export type { OnceAnswer, RepeatableRequest } from '../access/once.ts'
export type { ApiKey, AuditEntry, KeptAnswer, NewApiKey, NewAuditEntry, Scope } from '../core/access.ts'

/** `revector.keys`: who may use a service, and for what. */
export interface Keys {
  /** `secret` is the key itself: it is shown this once. @throws RevectorError KEY_EXISTS, INVALID_INPUT */
  create(
    key: NewApiKey & { readonly actor?: string },
  ): Promise<{ readonly key: ApiKey; readonly secret: string }>
  /** Newest first, revoked ones too. */
  list(): Promise<readonly ApiKey[]>
  /** By id or name. Other processes notice within five seconds. @throws RevectorError NOT_FOUND */
  revoke(idOrName: string, options?: { readonly actor?: string }): Promise<ApiKey>
  /** The key that this text is, while it is in force; null for any other text. Compared in constant time. */
  verify(secret: string): Promise<ApiKey | null>
  /** Whether requests need a key: from the first that was made, also when all were revoked. */
  required(): Promise<boolean>
  /** Whether a key is in force. */
  any(): Promise<boolean>
}

/** `revector.audit`: changes that somebody asked for. */
export interface Audit {
  /** Newest first, at most 1,000 at once; `before` goes on from `next`. */
  list(options?: {
    readonly limit?: number
    readonly before?: string
  }): Promise<{ readonly entries: readonly AuditEntry[]; readonly next: string | null }>
  /** Before a change is tried. Gives the entry's id. */
  begin(entry: NewAuditEntry): Promise<string>
  end(id: string, status: number): Promise<void>
}

/** `revector.idempotency`: requests that may come twice. */
export interface Idempotency {
  /**
   * Runs `work` once for a key: whoever comes with the same request and key again, within a day, gets the first answer.
   * What throws may be tried again.
   *
   * @throws RevectorError IDEMPOTENCY_CONFLICT, INVALID_INPUT
   */
  once(request: RepeatableRequest, work: () => Promise<KeptAnswer>): Promise<OnceAnswer>
}
