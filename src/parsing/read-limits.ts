export interface ReadLimits {
  /** UTF-16 code units. */
  readonly maxTextLength: number
  readonly maxUnpackedBytes: number
  readonly maxPages: number
}
