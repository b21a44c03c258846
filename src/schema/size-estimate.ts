import { indexKind, type Space } from './index-kind.ts'

const pageBytes = 8_192
const usable = 8_128
/** Longer rows have their vector stored outside the table's own pages (TOAST), in pieces of this many bytes. */
const inlineBytes = 2_032
const toastPiece = 1_996

/** Header, ids, date and line pointer of a row; the rest is the vector. */
const rowBytes = 68
/** Entries of the table's two ordinary indexes. */
const keyBytes = 64

/**
 * The disk space that the vectors of a model will take, in bytes: its table with everything PostgreSQL stores
 * with it. Calculated from PostgreSQL's page layout; within a tenth of the measured size of 600 rows of 64 to
 * 4,096 dimensions.
 */
export function estimateTableBytes({ dimension }: Pick<Space, 'dimension'>, rows: number): number {
  const vector = 8 + 4 * dimension
  if (rowBytes + vector <= inlineBytes) {
    return (
      Math.ceil(rows / Math.max(1, Math.floor(usable / (rowBytes + vector)))) * pageBytes + rows * keyBytes
    )
  }
  const pieces = Math.ceil(vector / toastPiece)
  // Four pieces fill a page of the TOAST table, whose index has an entry for each.
  const beside = pieces * (pageBytes / 4 + 32)
  return rows * (rowBytes + 18 + keyBytes) + rows * beside
}

/** Neighbours of an element on the lowest level of an HNSW index (2 × m, six bytes each), its header and upper levels. */
const neighbourBytes = 2 * 16 * 6 + 24 + 8

/**
 * The disk space that the model's HNSW index will take, in bytes. An element and its neighbours never span
 * pages.
 */
export function estimateHnswIndexBytes(space: Space, rows: number): number {
  const { form } = indexKind(space)
  const vector =
    form === 'vector'
      ? 8 + 4 * space.dimension
      : form === 'halfvec'
        ? 8 + 2 * space.dimension
        : 8 + Math.ceil(space.dimension / 8)
  // Header of an element with the locations of its rows in the table.
  const element = 80 + vector + 8
  const together = element + neighbourBytes
  const perPage = Math.max(1, Math.floor(usable / together))
  return Math.ceil(rows / perPage) * pageBytes
}
