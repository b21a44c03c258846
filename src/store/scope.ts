import { join, raw, type Sql, sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import type { MigrationScope } from '../wire/migration.ts'
import { chunkColumns, documentColumns } from './columns.ts'
import { possibleIdArray } from './ids.ts'

/**
 * An order of chunks that is unrelated to theirs, and the same in every run. For a chunk with the alias `c`.
 */
export function hashedOrder(layout: Layout): Sql {
  const c = chunkColumns(layout)
  return sql`hashtextextended(c.${c.id}::text, 0), c.${c.id}`
}

// What JavaScript's trim() removes, so that both sides agree on which texts are blank.
const blanks =
  '\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'

/** A condition on chunks with the alias `c`: there is text to embed. No model can embed blanks. */
export function hasText(layout: Layout): Sql {
  return sql`btrim(c.${chunkColumns(layout).content}, ${blanks}) <> ''`
}

/**
 * A condition on chunks with the alias `c`: they are in the migration's scope. A sample is drawn from those
 * with text.
 */
export function inScope(layout: Layout, scope: MigrationScope): Sql {
  const c = chunkColumns(layout)
  const { sample } = scope
  if (sample === undefined) return narrowed(layout, scope)
  return sql`c.${c.id} in (
        select c.${c.id} from ${c.table} c
        where ${hasText(layout)} and ${narrowed(layout, scope)}
        order by ${hashedOrder(layout)}
        limit ${sample}
      )`
}

function narrowed(layout: Layout, { documents, where }: MigrationScope): Sql {
  const c = chunkColumns(layout)
  const d = documentColumns(layout)
  const conditions: Sql[] = []
  if (documents !== undefined) {
    conditions.push(sql`c.${c.documentId} = any(${possibleIdArray(d.idType, documents)})`)
  }
  if (where !== undefined) {
    conditions.push(sql`exists (
          select from ${d.table} d
          where d.${d.id} = c.${c.documentId} and d.${d.metadata} @> ${JSON.stringify(where)}::jsonb
        )`)
  }
  return conditions.length === 0 ? raw('true') : join(conditions, ' and ')
}

/** Whether a scope leaves chunks out. */
export function isPartial(scope: MigrationScope): boolean {
  return scope.documents !== undefined || scope.where !== undefined || scope.sample !== undefined
}
