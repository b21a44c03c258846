import fc from 'fast-check'
import { expect } from 'vitest'
import { sql } from '../../../src/postgres/sql.ts'
import type { TestCorpus } from '../../support/corpus-deps.ts'
import { type Command, command, source, texts } from './command.ts'
import { noteRemoval } from './ideal.ts'

/*
 * What applications write to the tables themselves, past Revector.
 */

const insert = fc.tuple(source, texts).map(([where, what]) =>
  command(`sql-insert ${where} ${JSON.stringify(what)}`, async (ideal, { corpus }) => {
    await corpus.db.query(sql`
      with known as (select id from documents where source = ${where}),
      made as (
        insert into documents (title, source, content, content_hash)
        select 'By SQL', ${where}, '', 'by SQL' where not exists (select from known)
        returning id
      )
      insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, heading_path, token_count)
      select d.id, 100 + coalesce((select max(position) from chunks c where c.document_id = d.id), 0) + u.n,
        u.content, 'by SQL', 0, 1, '{}', 3
      from (select id from known union all select id from made) d,
        unnest(${what}::text[]) with ordinality as u (content, n)`)
    ideal.documents.set(where, [...(ideal.documents.get(where) ?? []), ...what])
  }),
)

const change = fc.tuple(source, fc.nat(), fc.integer({ min: 0, max: 12 })).map(([where, pick, n]) =>
  command(
    `sql-change ${where} ${pick} ${n}`,
    async (ideal, { corpus }) => {
      const before = ideal.documents.get(where) ?? []
      const at = pick % before.length
      const text = `text number ${n}`
      await corpus.db.query(sql`
        update chunks set content = ${text}
        where id = (
          select c.id from chunks c join documents d on d.id = c.document_id
          where d.source = ${where} order by c.position offset ${at}::int limit 1
        )`)
      ideal.documents.set(where, before.with(at, text))
    },
    (ideal) => ideal.documents.has(where),
  ),
)

/** Other columns than the text: nothing has to be embedded for them. */
const describe = source.map((where) =>
  command(`sql-describe ${where}`, async (_, { corpus }) => {
    const before = await pendingOf(corpus)
    await corpus.db.query(sql`
      update documents set title = title || '.', metadata = metadata || '{"seen": true}' where source = ${where}`)
    await corpus.db.query(sql`
      update chunks c set heading_path = array['Seen'], content = c.content
      from documents d where d.id = c.document_id and d.source = ${where}`)
    expect(await pendingOf(corpus)).toEqual(before)
  }),
)

const remove = fc.tuple(source, fc.nat()).map(([where, pick]) =>
  command(
    `sql-delete ${where} ${pick}`,
    async (ideal, { corpus }) => {
      const before = ideal.documents.get(where) ?? []
      const at = pick % before.length
      await corpus.db.query(sql`
        delete from chunks where id = (
          select c.id from chunks c join documents d on d.id = c.document_id
          where d.source = ${where} order by c.position offset ${at}::int limit 1
        )`)
      await corpus.db.query(sql`
        delete from documents d where not exists (select from chunks c where c.document_id = d.id)`)
      if (before.length === 1) noteRemoval(ideal, where)
      else ideal.documents.set(where, before.toSpliced(at, 1))
    },
    (ideal) => ideal.documents.has(where),
  ),
)

const truncate = fc.constant(
  command(
    'sql-truncate',
    async (ideal, { corpus }) => {
      await corpus.db.query(sql`truncate documents, chunks cascade`)
      ideal.documents.clear()
      ideal.ingested.clear()
    },
    (ideal) => ideal.documents.size > 1,
  ),
)

async function pendingOf({ db }: TestCorpus): Promise<readonly unknown[]> {
  const { rows } = await db.query(
    sql`select model_id, chunk_id, text_hash from pending_chunks order by model_id, chunk_id`,
  )
  return rows
}

export const past: fc.Arbitrary<Command>[] = [insert, insert, change, change, describe, remove, truncate]
