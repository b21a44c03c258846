import * as z from 'zod'
import { type Scope, scopes } from '../core/access.ts'
import type { Of } from './codec.ts'
import { date, list } from './field.ts'

/** What is known of a key: everything but the key. */
export const apiKey = z.strictObject({
  id: z.string().describe('The public half, which stands in the key itself.'),
  name: z.string().describe('Unique among the keys that are not revoked.'),
  scope: z.enum(scopes),
  requestsPerMinute: z.int().nullable().describe('Null: the service’s limit.'),
  createdBy: z.string(),
  createdAt: date,
  expiresAt: date.nullable().describe('Null: never.'),
  lastUsedAt: date.nullable().describe('To the minute.'),
  revokedAt: date.nullable().describe('Null: it is in force.'),
})
export type ApiKey = Of<typeof apiKey>

export const keyList = z.strictObject({ keys: list(apiKey) })

export interface NewApiKey {
  readonly name: string
  readonly scope: Scope
  readonly requestsPerMinute?: number
  readonly expiresAt?: Date
}

/** The only shape with the key itself in it. */
export const newKey = z.strictObject({ ...apiKey.shape, key: z.string() })

/** A change that a caller asked for. */
export const auditEntry = z.strictObject({
  id: z.string(),
  at: date,
  actor: z.string().describe('`key:<id>`, or the user of the command line.'),
  action: z.string(),
  subject: z.string().describe('What was to be changed.'),
  status: z.int().nullable().describe('HTTP status of the answer; null: it did not come to its end.'),
  requestId: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
})
export type AuditEntry = Of<typeof auditEntry>

export const auditPage = z.strictObject({
  entries: list(auditEntry),
  next: z.string().nullable().describe('The `before` of the page that follows; null at the end.'),
})
export type AuditPage = Of<typeof auditPage>

export type NewAuditEntry = Pick<AuditEntry, 'actor' | 'action'> &
  Partial<Pick<AuditEntry, 'subject' | 'status' | 'requestId' | 'data'>>
