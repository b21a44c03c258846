import { indexKind, type Space } from './index-kind.ts'

const pageBytes = 8_192
const usable = 8_128
/** Longer rows have their vector moved out of the table's own pages (TOAST), in pieces of this many bytes. */
const inlineBytes = 2_032
const toastPiece = 1_996

/** Header, ids, date, line pointer of a row; the rest of it is the vector. */
const rowBytes = 68
/** Entries of the table's two ordinary indexes. */
const keyBytes = 64

/**
 * What the vectors of a model will take on disk, in bytes: its table with what Postgres puts beside it. From how
 * Postgres lays out pages, not from a measurement; within a tenth of what 600 rows of 64 to 4,096 dimensions took.
 */
export function estimateTableBytes({ dimension }: Pick<Space, 'dimension'>, rows: number): number {
  const vector = 8 + 4 * dimension
  if (rowBytes + vector <= inlineBytes) {
    return (
      Math.ceil(rows / Math.max(1, Math.floor(usable / (rowBytes + vector)))) * pageBytes + rows * keyBytes
    )
  }
  const pieces = Math.ceil(vector / toastPiece)
  // Four pieces fill a page of the side table, whose index has an entry for each.
  const beside = pieces * (pageBytes / 4 + 32)
  return rows * (rowBytes + 18 + keyBytes) + rows * beside
}

/** Neighbours of an element on the lowest level of an HNSW index (2 × m, six bytes each), its header and upper levels. */
const neighbourBytes = 2 * 16 * 6 + 24 + 8

/** What the model's HNSW index will take on disk, in bytes. An element and its neighbours never span pages. */
export function estimateHnswIndexBytes(space: Space, rows: number): number {
  const { form } = indexKind(space)
  const vector =
    form === 'vector'
      ? 8 + 4 * space.dimension
      : form === 'halfvec'
        ? 8 + 2 * space.dimension
        : 8 + Math.ceil(space.dimension / 8)
  // Header of an element with the places of its rows in the table.
  const element = 80 + vector + 8
  const together = element + neighbourBytes
  const perPage = Math.max(1, Math.floor(usable / together))
  return Math.ceil(rows / perPage) * pageBytes
}
