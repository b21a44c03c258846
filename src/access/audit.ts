import { closeAuditEntry, insertAuditEntry, auditPage as page } from '../store/audit-log.ts'
import type { Deps } from '../store/deps.ts'
import type { AuditPage, NewAuditEntry } from '../wire/access.ts'

/** Call before a change is attempted: without an entry the change must not happen. Returns the entry's id. */
export async function beginAudit({ db }: Pick<Deps, 'db'>, entry: NewAuditEntry): Promise<string> {
  // As a transaction: a lost connection does not fail the change for its entry, nor enter it twice.
  return db.transaction((tx) => insertAuditEntry(tx, storable(entry)))
}

export async function endAudit({ db }: Pick<Deps, 'db'>, id: string, status: number): Promise<void> {
  await closeAuditEntry(db, id, status)
}

/** Newest first. `next` is the cursor of the next page; null at the end. */
export async function auditPage(
  { db }: Pick<Deps, 'db'>,
  { limit = 100, before }: { readonly limit?: number; readonly before?: string } = {},
): Promise<AuditPage> {
  const most = Math.min(Math.max(Math.trunc(limit), 1), 1_000)
  const rows = await page(db, { limit: most + 1, before })
  const entries = rows.slice(0, most)
  return { entries, next: rows.length > most ? (entries.at(-1)?.id ?? null) : null }
}

/** Values from outside may hold characters that no text column takes. */
function storable(entry: NewAuditEntry): NewAuditEntry {
  const { subject = '', data = {} } = entry
  return { ...entry, subject: plain(subject).slice(0, 1_000), data: JSON.parse(plainJson(data)) }
}

const plain = (text: string): string => text.replace(/\0|\p{Surrogate}/gu, '\ufffd')

function plainJson(data: object): string {
  return JSON.stringify(data, (_key, value) => (typeof value === 'string' ? plain(value) : value))
}
