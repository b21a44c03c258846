import type { InputKind } from './contract.ts'

/** How many tokens of a model a text is; pure and synchronous, so that splitting can be given one. */
export type TokenCounter = (text: string) => number

export interface RawReply {
  /** As they came, unchecked. */
  readonly vectors: readonly ArrayLike<number>[]
  /** Place each vector claims in the request, where the wire says it. */
  readonly indexes: readonly number[] | null
  /** Tokens counted by the provider, where it says. */
  readonly tokens: number | null
}

/**
 * A provider with nothing above it: one request, no retry, no checks. A failure it knows how to classify is a
 * `ProviderFailure`.
 */
export interface RawModel {
  embedBatch(texts: readonly string[], kind: InputKind, signal: AbortSignal): Promise<RawReply>
  /** The model's own tokenizer, where it is at hand; exact. */
  readonly countTokens?: TokenCounter
  /** Tokens of one text by the model's own configuration, where it says. */
  readonly maxInputTokens?: number
  /** Places of that limit which begin and end marks take; a few are kept free where it isn't known. */
  readonly markTokens?: number
  close?(): Promise<void>
}
