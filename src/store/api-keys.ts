import type { Queryable } from '../postgres/database.ts'
import { raw, sql } from '../postgres/sql.ts'
import type { ApiKey, NewApiKey } from '../wire/access.ts'

const columns = raw(`id, name, scope, requests_per_minute as "requestsPerMinute", created_by as "createdBy",
    created_at as "createdAt", expires_at as "expiresAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"`)

/** Null: a valid key with this name exists. */
export async function insertKey(
  tx: Queryable,
  key: NewApiKey & { readonly id: string; readonly hash: Buffer; readonly createdBy: string },
): Promise<ApiKey | null> {
  const { rows } = await tx.query<ApiKey>(sql`
    insert into revector_api_keys (id, name, scope, hash, requests_per_minute, created_by, expires_at)
    values (${key.id}, ${key.name}, ${key.scope}, ${key.hash}, ${key.requestsPerMinute ?? null}::int,
            ${key.createdBy}, ${key.expiresAt ?? null}::timestamptz)
    on conflict (name) where revoked_at is null do nothing
    returning ${columns}`)
  return rows[0] ?? null
}

/** Newest first. */
export async function listKeys(db: Queryable): Promise<readonly ApiKey[]> {
  const { rows } = await db.query<ApiKey>(sql`
    select ${columns} from revector_api_keys order by created_at desc, id`)
  return rows
}

/** A valid key, with its hash. */
export async function keyInForce(
  db: Queryable,
  id: string,
): Promise<{ readonly key: ApiKey; readonly hash: Buffer } | null> {
  const { rows } = await db.query<ApiKey & { hash: Buffer }>(
    sql`
    select ${columns}, hash from revector_api_keys
    where id = ${id} and revoked_at is null and (expires_at is null or expires_at > now())`,
    { prepared: true },
  )
  const [row] = rows
  if (row === undefined) return null
  const { hash, ...key } = row
  return { key, hash }
}

export async function hasKeyInForce(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    sql`
    select exists (
      select from revector_api_keys where revoked_at is null and (expires_at is null or expires_at > now())
    ) as found`,
    { prepared: true },
  )
  return rows[0]?.found === true
}

/** By id or name. Null: there is no valid one. */
export async function revokeKey(tx: Queryable, idOrName: string): Promise<ApiKey | null> {
  const { rows } = await tx.query<ApiKey>(sql`
    update revector_api_keys set revoked_at = now()
    where revoked_at is null and id = (
      select id from revector_api_keys
      where revoked_at is null and (id = ${idOrName} or name = ${idOrName})
      order by (id = ${idOrName}) desc limit 1
    )
    returning ${columns}`)
  return rows[0] ?? null
}

export interface KeyUse {
  readonly id: string
  readonly at: Date
}

/** Writes a row at most once a minute: a key in heavy use must not become a hot row. */
export async function noteUses(db: Queryable, uses: readonly KeyUse[]): Promise<void> {
  await db.query(sql`
    update revector_api_keys k set last_used_at = u.at
    from unnest(${uses.map(({ id }) => id)}::text[], ${uses.map(({ at }) => at)}::timestamptz[]) as u (id, at)
    where k.id = u.id and (k.last_used_at is null or k.last_used_at < u.at - interval '1 minute')`)
}

/** Whether a key was ever made, revoked ones included. */
export async function hasKey(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    sql`select exists (select from revector_api_keys) as found`,
    { prepared: true },
  )
  return rows[0]?.found === true
}
