// What Revector is measured against: the SQL one would write by hand for one model, on `pg` alone. Vectors
// travel in binary both ways, the fastest that was found; text and vector lie in one table, so that a search
// reads nothing but its own rows.
import pg from 'pg'

const indexable = 2000

export const operand = (dimension) =>
  dimension <= indexable ? 'embedding' : `(embedding::halfvec(${dimension}))`
const opclass = (dimension) => (dimension <= indexable ? 'vector_cosine_ops' : 'halfvec_cosine_ops')

export async function openHandWritten(url, dimension, { efSearch = 40 } = {}) {
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    idleTimeoutMillis: 0,
    // At 100,000 vectors of 1,536 numbers the planner thinks a scan cheaper, by a factor of fifty wrong: by hand one
    // would forbid it.
    options: `-c hnsw.ef_search=${efSearch} -c enable_seqscan=off`,
  })
  return { pool, dimension, toArray: await arrayOfVectors(pool), close: () => pool.end() }
}

/** Gives the function that makes a binary `vector[]` parameter; the type's number differs by database. */
export async function arrayOfVectors(pool) {
  const { rows } = await pool.query(`select 'vector'::regtype::oid::int as oid`)
  return (vectors) => vectorArray(vectors, rows[0].oid)
}

export async function createTable({ pool, dimension }) {
  await pool.query(`
    create table plain_documents (
      id bigint primary key,
      title text not null,
      source text,
      metadata jsonb not null default '{}',
      updated_at timestamptz not null default now()
    )`)
  await pool.query(`
    create table plain_chunks (
      id bigint primary key,
      document_id bigint not null references plain_documents on delete cascade,
      content text not null,
      heading_path text[] not null default '{}',
      page int,
      start_offset int not null default 0,
      end_offset int not null default 0,
      embedding vector(${dimension}) not null
    )`)
}

/** Documents of `perDocument` chunks; batches of 500 rows, one statement and transaction each. */
export async function insertRows({ pool, toArray }, vectors, textOf, perDocument) {
  await pool.query(
    `insert into plain_documents (id, title, source)
     select id, 'document ' || id, 'bench:' || id from generate_series(0, $1::int) as id`,
    [Math.ceil(vectors.length / perDocument)],
  )
  for (let from = 0; from < vectors.length; from += 500) {
    const batch = vectors.slice(from, from + 500)
    const texts = batch.map((_, i) => textOf(from + i))
    await pool.query(
      `insert into plain_chunks (id, document_id, content, end_offset, embedding)
       select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::int[], $5::vector[])`,
      [
        batch.map((_, i) => from + i),
        batch.map((_, i) => Math.floor((from + i) / perDocument)),
        texts,
        texts.map((text) => text.length),
        toArray(batch),
      ],
    )
  }
}

export async function createIndex({ pool, dimension }) {
  const client = await pool.connect()
  try {
    await client.query(`set maintenance_work_mem = '512MB'`)
    await client.query(
      `create index plain_chunks_hnsw on plain_chunks using hnsw (${operand(dimension)} ${opclass(dimension)})`,
    )
    await client.query('analyze plain_chunks')
  } finally {
    client.release()
  }
}

/**
 * Ten nearest. Beyond 2,000 dimensions the HNSW index holds half precision, so twice as many are fetched and
 * ranked again by the exact distance, as Revector does; `rerank: false` leaves that out.
 */
export function searcher({ pool, dimension }, { rerank = dimension > indexable } = {}) {
  const narrow = dimension > indexable
  const distance = narrow
    ? `embedding::halfvec(${dimension}) <=> $1::vector::halfvec(${dimension})`
    : 'embedding <=> $1::vector'
  const shown = `id, document_id, content, heading_path, page, start_offset, end_offset`
  const nearest = `
    select chunk.*, document.title, document.source, document.metadata, document.updated_at
    from (
      select ${shown}, ${distance} as distance from plain_chunks order by ${distance} limit 10
    ) as chunk join plain_documents as document on document.id = chunk.document_id
    order by chunk.distance`
  const reranked = `
    select chunk.*, document.title, document.source, document.metadata, document.updated_at
    from (
      select ${shown}, embedding <=> $1::vector as distance
      from (select * from plain_chunks order by ${distance} limit 20) as found
      order by distance limit 10
    ) as chunk join plain_documents as document on document.id = chunk.document_id
    order by chunk.distance`
  const name = rerank ? 'reranked' : 'nearest'
  return async (vector) =>
    (await pool.query({ name, text: rerank ? reranked : nearest, values: [vectorBinary(vector)] })).rows
}

/** pgvector's own form: width and a zero as 16 bits each, then the numbers, all big-endian. */
export function vectorBinary(vector) {
  const buffer = Buffer.allocUnsafe(4 + vector.length * 4)
  buffer.writeInt16BE(vector.length, 0)
  buffer.writeInt16BE(0, 2)
  for (let i = 0; i < vector.length; i++) buffer.writeFloatBE(vector[i], 4 + i * 4)
  return buffer
}

/** PostgreSQL's binary array of one dimension. */
function vectorArray(vectors, oid) {
  const width = 4 + vectors[0].length * 4
  const buffer = Buffer.allocUnsafe(20 + vectors.length * (4 + width))
  for (const [i, value] of [1, 0, oid, vectors.length, 1].entries()) buffer.writeInt32BE(value, i * 4)
  let at = 20
  for (const vector of vectors) {
    at = buffer.writeInt32BE(width, at)
    at += vectorBinary(vector).copy(buffer, at)
  }
  return buffer
}
