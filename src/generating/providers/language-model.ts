/**
 * The part of the AI SDK's `LanguageModelV3` that is used here. `doStream` is one HTTP request; the SDK's own `streamText`
 * would retry beneath our retries, and take a stream that breaks off for one that ended.
 */
export interface SdkLanguageModel {
  doStream(options: {
    prompt: SdkMessage[]
    maxOutputTokens: number
    abortSignal: AbortSignal
  }): PromiseLike<{ stream: ReadableStream<SdkPart> }>
}

export type SdkMessage =
  | { role: 'system'; content: string }
  | { role: 'user'; content: { type: 'text'; text: string }[] }

/** What may come of the stream; parts of other types (reasoning, warnings) are passed over. */
export interface SdkPart {
  readonly type: string
  readonly delta?: string
  readonly error?: unknown
  readonly finishReason?: { readonly unified: string; readonly raw?: string }
  readonly usage?: {
    readonly inputTokens: { readonly total?: number }
    readonly outputTokens: { readonly total?: number }
  }
}

/** A provider's model, and what must never be seen of it. */
export interface OpenedLanguageModel {
  readonly model: SdkLanguageModel
  readonly secrets: readonly (string | undefined)[]
}
