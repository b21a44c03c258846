// The corpus of the scale case: ten chunks a document, "passage 17 of the corpus", and filters that leave a known share.
import { once } from '../server.mjs'

const perDocument = 10

/** Filters by the share of documents that they leave; `passes` says it of a chunk's number. */
export const tenths = {
  'filter, 10 %': { filter: { metadata: { ten: 3 } }, passes: (n) => documentOf(n) % 10 === 3 },
  'filter, 1 %': { filter: { metadata: { hundred: 33 } }, passes: (n) => documentOf(n) % 100 === 33 },
  'filter, 0.1 %': { filter: { metadata: { thousand: 333 } }, passes: (n) => documentOf(n) % 1000 === 333 },
  'filter by title': { filter: { title: 'Report 33 ' }, passes: (n) => documentOf(n) % 100 === 33 },
}

/** From 1, as the titles are numbered. */
const documentOf = (n) => Math.floor(n / perDocument) + 1

/** Documents and chunks as an ingest leaves them, without vectors. */
export async function loadCorpus(databaseUrl, rows) {
  // What is not known to be on disk can't be marked as visible to all: a count would read every row for it.
  await once(
    databaseUrl,
    `set synchronous_commit = on;
     with document as (
       insert into documents (title, content, content_hash, source, metadata)
       select 'Report ' || n % 100 || ' of team ' || n, '', '', 'bench:' || n,
         jsonb_build_object('ten', n % 10, 'hundred', n % 100, 'thousand', n % 1000)
       from generate_series(1, ${rows / perDocument}) as n
       returning id, source
     ), numbered as (select id, substring(source from 7)::int - 1 as n from document),
     passage as (
       select id, part, 'passage ' || (n * ${perDocument} + part) || ' of the corpus' as content
       from numbered, generate_series(0, ${perDocument - 1}) as part
     )
     insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, token_count)
     select id, part, content, encode(sha256(convert_to(content, 'UTF8')), 'hex'), 0, length(content), 6 from passage`,
  )
  await once(databaseUrl, 'vacuum analyze')
}
