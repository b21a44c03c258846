import type { ApiKey, AuditEntry } from '../core/access.ts'

/** Shapes of `--json` for keys and the audit: see wire.ts. */
export function keyShape(key: ApiKey) {
  return {
    id: key.id,
    name: key.name,
    scope: key.scope,
    requests_per_minute: key.requestsPerMinute,
    created_by: key.createdBy,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
  }
}

/** The only shape with the key itself in it. */
export function newKeyShape({ key, secret }: { readonly key: ApiKey; readonly secret: string }) {
  return { ...keyShape(key), key: secret }
}

export function auditShape(entry: AuditEntry) {
  return {
    id: entry.id,
    at: entry.at.toISOString(),
    actor: entry.actor,
    action: entry.action,
    subject: entry.subject,
    status: entry.status,
    request_id: entry.requestId,
    data: entry.data,
  }
}
