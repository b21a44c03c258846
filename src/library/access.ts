import { auditPage, beginAudit, endAudit } from '../access/audit.ts'
import { createKey, revokeKey } from '../access/keys.ts'
import { once, sweepKept } from '../access/once.ts'
import { anyKeyInForce, createKeyCheck } from '../access/verify.ts'
import { listKeys } from '../store/api-keys.ts'
import type { Audit, Idempotency, Keys } from './access-interface.ts'
import type { Runtime } from './runtime.ts'

/** `revector.keys`, `revector.audit` and `revector.idempotency`. */
export function accessCalls({ opened }: Pick<Runtime, 'opened'>): {
  readonly keys: Keys
  readonly audit: Audit
  readonly idempotency: Idempotency
} {
  const check = createKeyCheck()
  return {
    keys: {
      async create(key) {
        const created = await createKey(await opened(), key)
        check.forget()
        return created
      },
      list: async () => listKeys((await opened()).db),
      async revoke(idOrName, options) {
        const revoked = await revokeKey(await opened(), idOrName, options)
        check.forget()
        return revoked
      },
      verify: async (secret) => check.verify(await opened(), secret),
      required: async () => check.required(await opened()),
      any: async () => anyKeyInForce(await opened()),
    },
    audit: {
      list: async (page) => auditPage(await opened(), page),
      begin: async (entry) => beginAudit(await opened(), entry),
      end: async (id, status) => endAudit(await opened(), id, status),
    },
    idempotency: {
      async once(request, work) {
        const deps = await opened()
        await sweepKept(deps)
        return once(deps, request, work)
      },
    },
  }
}
