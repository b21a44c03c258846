// The corpus of the scale case: ten chunks a document, "passage 17 of the corpus", and filters that leave a known share.
import { loadChunks } from '../cases/search.mjs'

const perDocument = 10

/** Filters by the share of documents that they leave; `passes` says it of a chunk's number. */
export const filters = {
  'filter, 10 %': { filter: { metadata: { ten: 3 } }, passes: (n) => documentOf(n) % 10 === 3 },
  'filter, 1 %': { filter: { metadata: { hundred: 33 } }, passes: (n) => documentOf(n) % 100 === 33 },
  'filter, 0.1 %': { filter: { metadata: { thousand: 333 } }, passes: (n) => documentOf(n) % 1000 === 333 },
  'filter by title': { filter: { title: 'Report 33 ' }, passes: (n) => documentOf(n) % 100 === 33 },
}

/** From 1, as the titles are numbered. */
const documentOf = (n) => Math.floor(n / perDocument) + 1

export function loadCorpus(databaseUrl, rows) {
  return loadChunks(databaseUrl, rows, {
    title: `'Report ' || n % 100 || ' of team ' || n`,
    metadata: `jsonb_build_object('ten', n % 10, 'hundred', n % 100, 'thousand', n % 1000)`,
  })
}
