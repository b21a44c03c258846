/** Why a column of vectors can't be searched where it lies; `copy`: it could be after a copy into pgvector's type. */
export interface NoPlace {
  readonly mode: 'copy' | 'none'
  readonly reason: string
}
