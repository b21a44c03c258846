import type { Queryable } from '../postgres/database.ts'
import { type Sql, sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import type { Hit } from '../wire/search.ts'
import type { Counts } from './coverage.ts'
import { explainingMissingColumn } from './missing-column.ts'
import { versionAndSnapshot } from './models.ts'
import {
  boundOf,
  isLimited,
  type NearestPath,
  type NearestRequest,
  nearestKey,
  nearestStatement,
  nearestValues,
  rowsOfFilteredScan,
} from './nearest-statement.ts'
import { defaultTuning, type NearestTuning } from './nearest-tuning.ts'

/** A chunk near to the query, with what is shown of it. `distance` is what the model's operator returned for the exact vectors. */
export type FoundChunk = Omit<Hit, 'rank' | 'score' | 'models'>

export interface Nearest {
  /** Nearest first; equal distances in the order of the chunks' ids. Fewer than k only if there are no more. */
  readonly found: readonly FoundChunk[]
  /** Version of the model's row during the search (`versionedModel`); null if the model is gone. */
  readonly version: string | null
  /** `pg_current_snapshot()` of the search; if nothing was found, of a moment later. */
  readonly snapshot: string
  /** Chunks that were recorded as lacking a vector during the search; null if that was not read. */
  readonly recorded: number | null
  /** Chunks that pass the filter, and how many of them have a vector; null if they were too many to count. */
  readonly matching: Counts | null
  /** The paths taken, in order: the second one because the first found too few. */
  readonly paths: readonly NearestPath[]
}

/** How a search runs; the result does not depend on it. */
export interface NearestOptions {
  readonly tuning?: NearestTuning
  /** Cached texts of statements, by their keys; of one layout and one tuning. */
  readonly texts?: Map<string, string>
}

/**
 * The k chunks whose vectors are nearest to the query's, in the space of one model. One round trip, except for
 * the rare search in which the HNSW index ran out: then it is scanned further, and if that is not enough, all that
 * match are compared.
 *
 * @throws RevectorError VECTOR_COLUMN_MISSING
 */
export async function findNearest(
  db: Queryable,
  layout: Layout,
  request: NearestRequest,
  options: NearestOptions = {},
): Promise<Nearest> {
  const path = choosePath(request, options.tuning ?? defaultTuning)
  const first = await run(db, layout, request, { ...options, path })
  if (path === 'filtered' ? !ranDry(first, request, options.tuning) : !mayHaveMissed(first, request, path))
    return first
  if (path === 'index') {
    const further = await run(db, layout, request, { ...options, path: 'further' })
    if (!mayHaveMissed(further, request, 'further')) return { ...further, paths: [path, 'further'] }
  }
  const all = await run(db, layout, request, { ...options, path: 'complete' })
  const paths: NearestPath[] = path === 'index' ? [path, 'further', 'complete'] : [path, 'complete']
  return { ...all, matching: first.matching, paths }
}

export function choosePath(
  request: Pick<NearestRequest, 'filter' | 'limited' | 'vectors'>,
  tuning: NearestTuning,
): NearestPath {
  const small = request.vectors <= tuning.exactRows
  if (isLimited(request)) return small ? 'complete' : 'filtered'
  return small ? 'scan' : 'index'
}

/** Whether fewer than k were found although more may exist: rows of deleted chunks may have taken places. */
function mayHaveMissed({ found }: Nearest, request: NearestRequest, path: NearestPath): boolean {
  return path !== 'complete' && found.length < request.k && found.length < request.vectors
}

/**
 * Whether the HNSW index gave a filtered search fewer rows than asked for, though more match: what matches may lie where
 * the scan did not come, so even k of them need not be the nearest.
 */
function ranDry(
  { found, matching, taken }: Ran,
  request: NearestRequest,
  tuning: NearestTuning = defaultTuning,
): boolean {
  // Few enough to have been compared one by one: these are all.
  if (matching !== null) return false
  return found.length < request.k || taken < rowsOfFilteredScan(request, tuning)
}

/** A chunk as it is read: what an owner's column may hold in its place, and null throughout where nothing was found. */
type FoundRow = {
  readonly [Key in keyof FoundChunk]: FoundChunk[Key] | (Key extends NumberOrText ? Count : null)
} & {
  /** See `versionAndSnapshot`. */
  readonly about: string | null
  readonly matching?: string | null
  readonly found?: string | null
  readonly taken?: string | null
}
type NumberOrText = 'chunkId' | 'documentId' | 'page' | 'startOffset' | 'endOffset'

/** `pg` reads bigint, which an owner's column may be, as a string. */
type Count = string | number | null

function toNumber(value: Count): number | null {
  return value === null ? null : Number(value)
}

interface Ran extends Nearest {
  /** Rows that the HNSW index gave a filtered search. */
  readonly taken: number
}

async function run(
  db: Queryable,
  layout: Layout,
  request: NearestRequest,
  { path, tuning = defaultTuning, texts }: NearestOptions & { readonly path: NearestPath },
): Promise<Ran> {
  // The values of a filter decide its plan, so the statement is built and planned again for each search.
  const prepared = !isLimited(request)
  const make = (): Sql => nearestStatement(layout, request, path, tuning)
  const statement = prepared
    ? { text: remembered(texts, nearestKey(request, path), make), values: nearestValues(request) }
    : make()
  const rows = await explainingMissingColumn(request.model, async () => {
    const { rows: found } = await db.query<FoundRow>(statement, { prepared, readOnly: true })
    return found.length > 0 ? found : (await db.query<FoundRow>(nothingFound(request.versionOf))).rows
  })
  const [first] = rows
  if (first === undefined) throw new Error('A search returned no first row')
  const [version = null, snapshot = '', recorded] = first.about?.split(' ') ?? []
  return {
    found: once(rows.flatMap(toFound)),
    version,
    snapshot,
    recorded: recorded === undefined ? null : Number(recorded),
    matching: first.matching === undefined ? null : matchingOf(first, boundOf(request, tuning)),
    paths: [path],
    taken: Number(first.taken ?? 0),
  }
}

/** An application's table without a unique index may come to hold two vectors of a chunk: the nearer one counts. */
function once(found: readonly FoundChunk[]): readonly FoundChunk[] {
  const seen = new Set<string>()
  return found.filter(({ chunkId }) => !seen.has(chunkId) && seen.add(chunkId))
}

function remembered(texts: Map<string, string> | undefined, key: string, make: () => Sql): string {
  const text = texts?.get(key) ?? make().text
  texts?.set(key, text)
  return text
}

function nothingFound(versionOf: string | null): Sql {
  return sql`select ${versionAndSnapshot(versionOf)} as about, null as "chunkId"`
}

function matchingOf(row: FoundRow, bound: number): Counts | null {
  const chunks = Number(row.matching ?? 0)
  return chunks > bound ? null : { chunks, vectors: Number(row.found ?? 0) }
}

function toFound({
  about: _about,
  matching: _matching,
  found: _found,
  taken: _taken,
  ...row
}: FoundRow): FoundChunk[] {
  if (row.chunkId === null) return []
  return [
    {
      ...row,
      chunkId: String(row.chunkId),
      documentId: String(row.documentId ?? ''),
      distance: row.distance ?? 0,
      title: String(row.title ?? ''),
      content: row.content ?? '',
      metadata: row.metadata ?? {},
      headingPath: row.headingPath ?? [],
      page: toNumber(row.page),
      startOffset: toNumber(row.startOffset),
      endOffset: toNumber(row.endOffset),
    },
  ]
}
