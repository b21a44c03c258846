import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { Queryable } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { createModelTable } from '../../src/schema/model-table.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { describeEngines } from '../support/engines.ts'

const page = readFileSync(new URL('../../docs/reference/schema.md', import.meta.url), 'utf8')

/** Table → its columns as `name type`, sorted. */
type Tables = Record<string, string[]>

function tablesOfPage(): Tables {
  const sections = page.split(/^## /m).slice(1)
  const tables = sections.flatMap((section) => {
    const name = section.slice(0, section.indexOf('\n')).trim()
    const rows = [...section.matchAll(/^\| `([a-z_<>]+)` \| ([^|]+) \|/gm)]
    return rows.length === 0 ? [] : [[name, rows.map(([, column, type]) => `${column} ${type}`).sort()]]
  })
  return Object.fromEntries(tables)
}

async function tablesOfDatabase(db: Queryable): Promise<Tables> {
  const { rows } = await db.query<{ table: string; columns: string[] }>(sql`
    select c.relname as table, array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod)) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and a.attnum > 0 and not a.attisdropped
    group by c.relname`)
  return Object.fromEntries(rows.map(({ table, columns }) => [table, plainColumns(columns)]))
}

/** The page names the columns of all dimensions once. */
function plainColumns(columns: readonly string[]): string[] {
  const plain = columns.map((column) =>
    column.replace(/^embedding_(\d+) vector\(\1\)$/, 'embedding_<d> vector(d)'),
  )
  return [...new Set(plain)].sort()
}

describeEngines('the page of tables', (engine) => {
  it('names every table and column there is, and no other', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    expect(tablesOfPage()).toEqual(await tablesOfDatabase(db))
  })

  it('has debug queries that run', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    await db.query(sql`
      insert into embedding_models (id, model_name, dimension, provider, remote_name)
      overriding system value values (7, 'seven', 512, 'custom', 'seven')`)
    await db.transaction((tx) => createModelTable(tx, { id: 7, dimension: 512, distance: 'cosine' }))
    const [, block = ''] = /## The guide's debug queries\n+```sql\n([\s\S]*?)```/.exec(page) ?? []
    const queries = block.split(/;\s*/).filter((query) => query.trim() !== '')
    const results = []
    for (const text of queries) results.push((await db.query({ text, values: [] })).rows)
    expect(results).toHaveLength(3)
    expect(results[0]).toMatchObject([{ model_name: 'seven' }])
    expect(results[1]).toContainEqual({ column_name: 'embedding_512' })
    expect(results[2]).toEqual([{ model_name: 'seven', dimension: 512, count: '0' }])
  })
})
