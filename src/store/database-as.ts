import { isRevectorError, RevectorError } from '../core/errors.ts'
import type { Database, Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import { visibleLayout, visibleViews } from '../schema/attach/views.ts'
import { type Layout, tableOf } from '../schema/layout.ts'
import { type SearchAs, searchAs } from '../wire/search-as.ts'
import type { StoreDeps } from './deps.ts'

/**
 * The same database, read as a role: every statement runs in a transaction of its own or the caller's, with the role and the
 * settings that row level security reads, and writes nothing. Nothing that it reads may be remembered for others.
 *
 * @throws RevectorError INVALID_INPUT; its calls ROLE_UNAVAILABLE, ROW_SECURITY_INACTIVE, DATABASE_PERMISSION_DENIED
 */
export function readingAs({ db, layout }: StoreDeps, as: SearchAs): StoreDeps {
  return { db: databaseAs({ db, layout }, as), layout: visibleLayout(layout) }
}

function databaseAs({ db, layout }: StoreDeps, as: SearchAs): Database {
  const checked = checkAs(as)
  const transaction: Database['transaction'] = async (work, options = {}) => {
    try {
      return await db.transaction(
        async (tx) => {
          await requireRowSecurity(tx, layout, checked.role)
          return work(tx)
        },
        { ...options, readOnly: true, as: checked },
      )
    } catch (error) {
      throw ofRole(error, checked.role)
    }
  }
  const never = async (): Promise<never> => {
    throw new Error('Only statements and transactions run as a role')
  }
  return {
    ...db,
    transaction,
    query: (statement) => transaction((tx) => tx.query(statement)),
    session: never,
    holdLocks: never,
    stream: () => {
      throw new Error('Only statements and transactions run as a role')
    },
  }
}

function checkAs(as: SearchAs): Required<SearchAs> {
  const parsed = searchAs.safeParse(as)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = ['as', ...(issue?.path ?? [])].join('.')
  throw new RevectorError('INVALID_INPUT', `${field} is invalid: ${issue?.message ?? 'unexpected'}.`, {
    hint: 'Expected { role, settings: { "request.jwt.claims": "…" } }.',
    data: { field },
  })
}

/**
 * Where no policy holds for the role, it would see every row: nothing is read then. Chunks and vectors are read only together
 * with their documents, so the documents' policies hold for them too.
 */
async function requireRowSecurity(tx: Queryable, layout: Layout, role: string): Promise<void> {
  const { place } = layout
  const table = place?.table ?? layout.documents.table
  const { rows: usable } = await tx.query<{ usage: boolean }>(sql`
    select coalesce(bool_and(has_schema_privilege(oid, 'usage')), true) as usage
    from pg_namespace where nspname in (${table.schema}, ${layout.chunks.table.schema})`)
  // Without it, PostgreSQL says of every table that it does not exist.
  if (usable[0]?.usage !== true) throw lacking(role, 'usage of the schema')
  const { rows } = await tx.query<{ active: boolean; invokers: number }>(sql`
    select row_security_active(${tableOf(table).text}::regclass) as active,
      (
        select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = ${layout.chunks.table.schema} and c.relkind = 'v'
          and c.relname = any(${Object.values(visibleViews)}::text[]) and 'security_invoker=true' = any(c.reloptions)
      )::int as invokers`)
  const [row] = rows
  const isRead = place === undefined || row?.invokers === 2
  if (row?.active === true && isRead) return
  const name = `${table.schema}.${table.name}`
  throw new RevectorError(
    'ROW_SECURITY_INACTIVE',
    row?.active === true
      ? `The views over ${name} do not read it with the rights of "${role}", which would see every row.`
      : `Row level security of ${name} does not hold for the role "${role}", which would see every row.`,
    {
      hint:
        row?.active === true
          ? 'Release the table and adopt it again: that makes the views anew.'
          : `Enable it (alter table ${name} enable row level security) and create policies; the role must not own the table, be a superuser or have bypassrls.`,
      data: { role, table: name },
    },
  )
}

/** Not the user of the connection lacks it. */
function ofRole(error: unknown, role: string): unknown {
  if (!isRevectorError(error, 'DATABASE_PERMISSION_DENIED')) return error
  const { cause } = error
  if (!(cause instanceof Error)) return error
  return lacking(role, cause.message, error)
}

function lacking(role: string, what: string, cause?: RevectorError): RevectorError {
  return new RevectorError('DATABASE_PERMISSION_DENIED', `The role "${role}" lacks a permission: ${what}.`, {
    hint: `\`revector doctor --role ${role}\` prints the grants that it needs to be searched as.`,
    data: { ...cause?.data, role },
    cause,
  })
}
