import type { Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'

/** What an account may spend in a minute; null: no limit is known. */
interface Limits {
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
}

/**
 * Takes one request with that many tokens from a bucket that all processes share. As in one process
 * (src/embedding/rate-limit.ts), a bucket holds a sixth of a minute's allowance, and a larger request starts
 * when it is full and leaves it in debt. The server's clock counts.
 *
 * @returns 0 if it was taken; otherwise nothing was taken, and the milliseconds after which to try again
 */
export async function takeFromRate(
  db: Queryable,
  key: string,
  cost: number,
  limits: Limits,
): Promise<number> {
  const requests = sql`${limits.requestsPerMinute}::float8`
  const tokens = sql`${limits.tokensPerMinute}::float8`
  for (;;) {
    const { rows } = await db.query<{ wait: number }>(sql`
      with seen as materialized (
        select clock_timestamp() as t, p.*
        from provider_rates p
        where p.key = ${key}
        for update
      ), filled as materialized (
        select greatest(t, refilled_at) as t,
          least(greatest(1, ${requests} / 6),
            requests + greatest(0, extract(epoch from t - refilled_at)) * ${requests} / 60) as requests,
          least(greatest(1, ${tokens} / 6),
            tokens + greatest(0, extract(epoch from t - refilled_at)) * ${tokens} / 60) as tokens,
          extract(epoch from blocked_until - t) as blocked
        from seen
      ), needed as materialized (
        -- GREATEST ignores NULLs: an unknown limit requires no wait.
        select t, requests, tokens,
          greatest(0, blocked, (1 - requests) * 60 / ${requests},
            (least(${cost}::float8, greatest(1, ${tokens} / 6)) - tokens) * 60 / ${tokens}) as seconds
        from filled
      ), taken as (
        update provider_rates p
        set requests = coalesce(n.requests - 1, 0), tokens = coalesce(n.tokens - ${cost}::float8, 0),
          refilled_at = n.t
        from needed n
        where p.key = ${key} and n.seconds < 0.000001
      )
      select case when seconds < 0.000001 then 0 else ceil(seconds * 1000) end::float8 as wait from needed`)
    const [row] = rows
    if (row !== undefined) return row.wait
    await db.query(sql`
      insert into provider_rates (key, requests, tokens)
      values (${key}, coalesce(greatest(1, ${requests} / 6), 0), coalesce(greatest(1, ${tokens} / 6), 0))
      on conflict (key) do nothing`)
  }
}

/** Blocks the bucket for this long, because the provider asked for it. */
export async function blockRate(db: Queryable, key: string, ms: number): Promise<void> {
  await db.query(sql`
    insert into provider_rates as p (key, requests, tokens, blocked_until)
    values (${key}, 1, 0, clock_timestamp() + ${ms}::float8 * interval '1 millisecond')
    on conflict (key) do update set blocked_until = greatest(p.blocked_until, excluded.blocked_until)`)
}
