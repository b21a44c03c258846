/** Why a column of vectors can't be adopted as it is. */
export interface NoPlace {
  readonly mode: 'none'
  readonly reason: string
}
