// The guide's "before": one column of a fixed dimension, as others built it.
import { arrayOfVectors } from './hand-written.mjs'
import { vectorSpace } from './vectors.mjs'

const perDocument = 10

export async function legacySchema(pool, dimension) {
  await pool.query(`
    create table documents (
      id serial primary key,
      title text not null,
      content text,
      created_at timestamptz not null default now()
    );
    create table chunks (
      id serial primary key,
      document_id int not null references documents (id) on delete cascade,
      content text not null,
      chunk_index int not null
    );
    create table chunk_embeddings (
      id serial primary key,
      chunk_id int not null unique references chunks (id) on delete cascade,
      embedding vector(${dimension}) not null,
      created_at timestamptz not null default now()
    );`)
}

export async function insertLegacy(pool, rows, dimension) {
  await pool.query(
    `insert into documents (title, content) select 'document ' || n, 'text of document ' || n from generate_series(1, $1::int) as n`,
    [Math.ceil(rows / perDocument)],
  )
  await pool.query(
    `insert into chunks (document_id, content, chunk_index)
     select n / ${perDocument} + 1, 'passage ' || n || ' of the corpus', n % ${perDocument} from generate_series(0, $1::int - 1) as n`,
    [rows],
  )
  const space = vectorSpace(dimension)
  const toArray = await arrayOfVectors(pool)
  for (let from = 0; from < rows; from += 1000) {
    const batch = space.sample(Math.min(1000, rows - from), from + 1)
    await pool.query(
      `insert into chunk_embeddings (chunk_id, embedding)
       select $1::int + ordinal, vector from unnest($2::vector[]) with ordinality as given (vector, ordinal)`,
      [from, toArray(batch)],
    )
  }
  const client = await pool.connect()
  await client.query(`set maintenance_work_mem = '2GB'`)
  await client.query(
    'create index idx_chunk_embeddings_embedding on chunk_embeddings using hnsw (embedding vector_cosine_ops)',
  )
  await client.query('vacuum analyze')
  client.release()
}
