import pg from 'pg'
import { afterUse } from './engines.ts'

/** When all backends of the database are ended at once: first, or when the transaction that did this commits. */
export interface Moment {
  readonly table: string
  readonly at: 'statement' | 'commit'
  readonly times: number
}

export interface Ended {
  /** How often it has happened. */
  times(): Promise<number>
  query(statement: string): Promise<readonly Record<string, unknown>[]>
}

/**
 * An administrator who ends every connection to the database, idle ones and those that hold locks among them, at the worst
 * moments: in writes to these tables, at their commits, and `atIndexBuilds` times as an index is built.
 */
export async function endBackends(
  databaseUrl: string,
  name: string,
  moments: readonly Moment[],
  { atIndexBuilds = 0 } = {},
): Promise<Ended> {
  const admin = new pg.Client({ connectionString: databaseUrl, application_name: 'admin' })
  await admin.connect()
  afterUse(() => admin.end())
  const endAll = (counter: string, times: number): string => `
    begin
      if nextval('${counter}') <= ${times} then
        perform pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and backend_type = 'client backend' and application_name <> 'admin'
          and pid <> pg_backend_pid();
        perform pg_terminate_backend(pg_backend_pid()), pg_sleep(60);
      end if;`
  const counters = [...moments.map((_, i) => `${name}_${i}`), `${name}_builds`]
  for (const counter of counters) await admin.query(`create sequence ${counter}`)
  for (const [i, { table, at, times }] of moments.entries()) {
    const deferred = at === 'commit' ? 'deferrable initially deferred for each row' : 'for each statement'
    await admin.query(`
      create function ${name}_${i}_at() returns trigger language plpgsql as $$
        ${endAll(`${name}_${i}`, times)} return null; end $$;
      create ${at === 'commit' ? 'constraint' : ''} trigger ${name}_${i} after insert or update or delete on ${table}
        ${deferred} execute function ${name}_${i}_at()`)
  }
  await admin.query(`
    create function ${name}_builds_at() returns event_trigger language plpgsql as $$
      ${endAll(`${name}_builds`, atIndexBuilds)} end $$;
    create event trigger ${name}_builds on ddl_command_end when tag in ('CREATE INDEX')
      execute function ${name}_builds_at()`)
  const most = [...moments.map(({ times }) => times), atIndexBuilds]
  return {
    async times() {
      const { rows } = await admin.query<{ counter: string; n: string }>(
        `select sequencename as counter, coalesce(last_value, 0) as n from pg_sequences where sequencename like '${name}%'`,
      )
      return rows.reduce(
        (sum, row) => sum + Math.min(Number(row.n), most[counters.indexOf(row.counter)] ?? 0),
        0,
      )
    },
    query: async (statement) => (await admin.query<Record<string, unknown>>(statement)).rows,
  }
}
