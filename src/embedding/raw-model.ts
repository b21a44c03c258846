import type { InputKind } from './contract.ts'

/** Counts a model's tokens of a text; pure and synchronous, so that it can be passed to splitting. */
export type TokenCounter = (text: string) => number

export interface RawReply {
  /** As the provider returned them, unchecked. */
  readonly vectors: readonly ArrayLike<number>[]
  /** The position that each vector claims in the request, if the format has it. */
  readonly indexes: readonly number[] | null
  /** Tokens as the provider counted, if it says. */
  readonly tokens: number | null
}

/**
 * A provider without the common layers: one request, no retry, no checks. A failure that it can classify is a
 * `ProviderFailure`.
 */
export interface RawModel {
  embedBatch(texts: readonly string[], kind: InputKind, signal: AbortSignal): Promise<RawReply>
  /** The model's own tokenizer, if it is available; exact. */
  readonly countTokens?: TokenCounter
  /** Most tokens of one text by the model's own configuration, if it says. */
  readonly maxInputTokens?: number
  /** Tokens of that limit which begin and end marks take; a few are reserved if it isn't known. */
  readonly markTokens?: number
  close?(): Promise<void>
}
