import * as z from 'zod'
import { type Scope, scopes } from '../core/access.ts'
import type { Of } from './codec.ts'
import { list } from './field.ts'

/** What is known about a key, without the key itself. */
export const apiKey = z.strictObject({
  id: z.string().describe('The public half, which is part of the key.'),
  name: z.string().describe('Unique among the keys that are not revoked.'),
  scope: z.enum(scopes),
  requestsPerMinute: z.int().nullable().describe('Null: the service’s limit.'),
  createdBy: z.string(),
  createdAt: z.date(),
  expiresAt: z.date().nullable().describe('Null: never.'),
  lastUsedAt: z.date().nullable().describe('Exact to the minute.'),
  revokedAt: z.date().nullable().describe('Null: the key is valid.'),
})
export type ApiKey = Of<typeof apiKey>

export const keyList = z.strictObject({ keys: list(apiKey) })

export interface NewApiKey {
  readonly name: string
  readonly scope: Scope
  readonly requestsPerMinute?: number
  readonly expiresAt?: Date
}

/** The only shape that contains the key itself. */
export const newKey = z.strictObject({ ...apiKey.shape, key: z.string() })

/** A change that a caller requested. */
export const auditEntry = z.strictObject({
  id: z.string(),
  at: z.date(),
  actor: z.string().describe('`key:<id>`, or the user of the command line.'),
  action: z.string(),
  subject: z.string().describe('What the change is about.'),
  status: z.int().nullable().describe('HTTP status of the reply; null: the change did not finish.'),
  requestId: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
})
export type AuditEntry = Of<typeof auditEntry>

export const auditPage = z.strictObject({
  entries: list(auditEntry),
  next: z.string().nullable().describe('The `before` of the next page; null at the end.'),
})
export type AuditPage = Of<typeof auditPage>

export type NewAuditEntry = Pick<AuditEntry, 'actor' | 'action'> &
  Partial<Pick<AuditEntry, 'subject' | 'status' | 'requestId' | 'data'>>
