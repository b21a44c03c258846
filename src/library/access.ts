import { auditPage, beginAudit, endAudit } from '../access/audit.ts'
import { createKey, revokeKey } from '../access/keys.ts'
import { type OnceAnswer, type RepeatableRequest, runOnce, sweepKept } from '../access/run-once.ts'
import { createUseLog } from '../access/use-log.ts'
import { anyKeyInForce, createKeyCheck } from '../access/verify.ts'
import type { KeptAnswer } from '../core/access.ts'
import { listKeys } from '../store/api-keys.ts'
import type { ApiKey, AuditPage, NewApiKey, NewAuditEntry } from '../wire/access.ts'
import type { Runtime } from './runtime.ts'

/** `revector.keys`: API keys and their scopes. */
export interface Keys {
  /** `secret` is the key itself: it is only returned here. @throws RevectorError KEY_EXISTS, INVALID_INPUT */
  create(
    key: NewApiKey & { readonly actor?: string },
  ): Promise<{ readonly key: ApiKey; readonly secret: string }>
  /** Newest first, including revoked ones. */
  list(): Promise<readonly ApiKey[]>
  /** By id or name. Other processes notice within five seconds. @throws RevectorError NOT_FOUND */
  revoke(idOrName: string, options?: { readonly actor?: string }): Promise<ApiKey>
  /** The key that belongs to this text, if it is valid; otherwise null. Compared in constant time. */
  verify(secret: string): Promise<ApiKey | null>
  /** Whether requests need a key: once one has been made, even if all are revoked. */
  required(): Promise<boolean>
  /** Whether there is a valid key. */
  any(): Promise<boolean>
}

/** `revector.audit`: a record of changes. */
export interface Audit {
  /** Newest first, at most 1,000 at once; pass `next` as `before` to continue. */
  list(options?: { readonly limit?: number; readonly before?: string }): Promise<AuditPage>
  /** Call before a change is attempted. Returns the entry's id. */
  begin(entry: NewAuditEntry): Promise<string>
  end(id: string, status: number): Promise<void>
}

/** `revector.idempotency`: requests that may be sent twice. */
export interface Idempotency {
  /**
   * Runs `work` once per key: the same request with the same key, within a day, gets the first answer. Work
   * that throws may be retried.
   *
   * @throws RevectorError IDEMPOTENCY_CONFLICT, INVALID_INPUT
   */
  once(request: RepeatableRequest, work: () => Promise<KeptAnswer>): Promise<OnceAnswer>
}

/** `revector.keys`, `revector.audit` and `revector.idempotency`. */
export function accessCalls({ opened, beforeClose }: Pick<Runtime, 'opened' | 'beforeClose'>): {
  readonly keys: Keys
  readonly audit: Audit
  readonly idempotency: Idempotency
} {
  const uses = createUseLog()
  beforeClose(uses.flush)
  const check = createKeyCheck(uses)
  return {
    keys: {
      async create(key) {
        const created = await createKey(await opened('service'), key)
        check.forget()
        return created
      },
      async list() {
        const { db } = await opened()
        await uses.flush()
        return listKeys(db)
      },
      async revoke(idOrName, options) {
        const revoked = await revokeKey(await opened('service'), idOrName, options)
        check.forget()
        return revoked
      },
      verify: async (secret) => check.verify(await opened(), secret),
      required: async () => check.required(await opened()),
      any: async () => anyKeyInForce(await opened()),
    },
    audit: {
      list: async (page) => auditPage(await opened(), page),
      begin: async (entry) => beginAudit(await opened('service'), entry),
      end: async (id, status) => endAudit(await opened(), id, status),
    },
    idempotency: {
      async once(request, work) {
        const deps = await opened('service')
        await sweepKept(deps)
        return runOnce(deps, request, work)
      },
    },
  }
}
