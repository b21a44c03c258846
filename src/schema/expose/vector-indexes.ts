import type { Queryable } from '../../postgres/database.ts'
import { pgvector } from '../../postgres/pgvector.ts'
import { ident, join, raw, type Sql, sql } from '../../postgres/sql.ts'
import type { Distance } from '../../wire/model.ts'
import { literal, shortName } from '../catalog.ts'
import { type BuildSite, buildIndex } from '../index-build.ts'
import { distanceOf, indexKind } from '../index-kind.ts'
import { type Place, tableOf } from '../layout.ts'

interface VectorIndex {
  readonly method: string
  readonly opclass: string
  readonly options: readonly string[]
  readonly predicate: string | null
}

/**
 * Builds the indexes that the application has on its column of vectors, with the same method, distance and options, on the
 * column of the new width; an HNSW index if it has none. Without blocking writers where the engine can; those that are there
 * already are kept.
 */
export async function buildVectorIndexes(
  site: BuildSite,
  from: Place,
  to: Place,
  distance: Distance,
): Promise<void> {
  const found = await indexesOf(site.session, from)
  const indexes = found.length > 0 ? found : [{ method: 'hnsw', opclass: '', options: [], predicate: null }]
  const { table, column } = to.vectors
  for (const [i, index] of indexes.entries()) {
    const number = i === 0 ? '' : String(i + 1)
    const name = `${shortName(`${table.name}_${column}`).slice(0, 50)}_idx${number}`
    await buildIndex(site, { table, name, body: body(index, to, distance) })
  }
  await site.session.query(sql`analyze ${tableOf(table)}`)
}

async function indexesOf(db: Queryable, { vectors }: Place): Promise<readonly VectorIndex[]> {
  const { rows } = await db.query<VectorIndex>(sql`
    select distinct m.amname as method, o.opcname as opclass, coalesce(c.reloptions, '{}') as options,
      pg_get_expr(i.indpred, i.indrelid) as predicate, c.relname
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_am m on m.oid = c.relam and m.amname in ('hnsw', 'ivfflat')
    join pg_opclass o on o.oid = i.indclass[0]
    join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
      and d.refobjid = i.indrelid
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = d.refobjsubid and a.attname = ${vectors.column}
    where i.indrelid = ${literal(tableOf(vectors.table).text)}::regclass and i.indisvalid
    order by c.relname`)
  return rows
}

function body({ method, opclass, options, predicate }: VectorIndex, { vectors }: Place, own: Distance): Sql {
  const distance = distanceOf(opclass) ?? own
  const { dimension, type } = vectors
  const column = ident(vectors.column)
  const classes = { cosine: 'cosine_ops', inner_product: 'ip_ops', l2: 'l2_ops' } as const
  const indexed =
    type === 'halfvec(N)' && dimension <= 4_000
      ? sql`${column} ${pgvector(`halfvec_${classes[distance]}`)}`
      : indexKind({ dimension, distance }).indexed(column)
  const settings = options.map((option) => {
    const [name = '', ...value] = option.split('=')
    return sql`${ident(name)} = ${literal(value.join('='))}`
  })
  const having = settings.length === 0 ? sql`` : sql` with (${join(settings)})`
  const rows = predicate === null ? sql`` : sql` where ${raw(predicate)}`
  return sql`using ${raw(method)} (${indexed})${having}${rows}`
}
