-- Revision 2, second part, for a database that has nothing to adopt. (One that has: legacy/.)

drop table chunk_embeddings;

-- A plain sequence, not an identity column: rows are written straight into a model's own table, and before
-- PostgreSQL 17 the tables under a partitioned one do not share its identity.
create sequence chunk_embeddings_id_seq;

-- Unique and not a primary key, so that a table adopted keeps its own. Foreign keys and HNSW indexes belong to
-- each model's table: see docs/decisions.
create table chunk_embeddings (
  id bigint not null default nextval('chunk_embeddings_id_seq'),
  chunk_id bigint not null,
  model_id int not null,
  created_at timestamptz not null default now(),
  embedding_1536 :pgvector.vector(1536),
  constraint chunk_embeddings_chunk_id_model_id_key unique (chunk_id, model_id)
) partition by list (model_id);

alter sequence chunk_embeddings_id_seq owned by chunk_embeddings.id;
