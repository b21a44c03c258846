import type { KeptAnswer } from '../core/access.ts'
import type { Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'

/** A request that may be sent twice. */
export interface Repeatable {
  /** Id of the API key that sends it, empty without one: keys of different owners never collide. */
  readonly owner: string
  readonly key: string
}

export interface StoredClaim {
  readonly requestHash: Buffer
  /** Identifies the process that answers it. */
  readonly claim: string
  /** Milliseconds until a repeated request may try again; 0: now. */
  readonly leaseMs: number
  readonly answer: KeptAnswer | null
}

/**
 * Claims the key if it is free, or if its holder for the same request did not finish in time. The returned
 * `claim` is then the caller's own, otherwise the holder's.
 */
export async function claimKey(
  db: Queryable,
  request: Repeatable & {
    readonly requestHash: Buffer
    readonly claim: string
    readonly leaseMs: number
    readonly keepMs: number
  },
): Promise<StoredClaim | null> {
  const { owner, key, requestHash, claim, leaseMs, keepMs } = request
  await db.query(sql`
    insert into revector_idempotency_keys as k (owner, key, request_hash, claim, leased_until, expires_at)
    values (${owner}, ${key}, ${requestHash}, ${claim}::uuid, now() + ${leaseMs} * interval '1 ms',
            now() + ${keepMs} * interval '1 ms')
    on conflict (owner, key) do update
      set request_hash = excluded.request_hash, claim = excluded.claim, leased_until = excluded.leased_until,
          answer = null, created_at = now(), expires_at = excluded.expires_at
      where k.expires_at < now()
        or (k.answer is null and k.leased_until < now() and k.request_hash = excluded.request_hash)`)
  const { rows } = await db.query<StoredClaim>(sql`
    select request_hash as "requestHash", claim::text as claim, answer,
      greatest(0, extract(epoch from leased_until - now()) * 1000)::float8 as "leaseMs"
    from revector_idempotency_keys where owner = ${owner} and key = ${key}`)
  return rows[0] ?? null
}

export async function keepAnswer(
  db: Queryable,
  { owner, key, claim, answer }: Repeatable & { readonly claim: string; readonly answer: KeptAnswer },
): Promise<void> {
  await db.query(sql`
    update revector_idempotency_keys set answer = ${JSON.stringify(answer)}::json
    where owner = ${owner} and key = ${key} and claim = ${claim}::uuid`)
}

/** Renews the claim on the key. */
export async function renewClaim(
  db: Queryable,
  { owner, key, claim, leaseMs }: Repeatable & { readonly claim: string; readonly leaseMs: number },
): Promise<void> {
  await db.query(sql`
    update revector_idempotency_keys set leased_until = now() + ${leaseMs} * interval '1 ms'
    where owner = ${owner} and key = ${key} and claim = ${claim}::uuid and answer is null`)
}

/** A failed request may be tried again. */
export async function giveBackClaim(
  db: Queryable,
  { owner, key, claim }: Repeatable & { readonly claim: string },
): Promise<void> {
  await db.query(sql`
    delete from revector_idempotency_keys
    where owner = ${owner} and key = ${key} and claim = ${claim}::uuid and answer is null`)
}

export async function dropExpired(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(sql`
    delete from revector_idempotency_keys where expires_at < now()`)
  return rowCount
}
