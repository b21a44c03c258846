/**
 * The part of the AI SDK's `LanguageModelV3` that is used here. `doStream` is one HTTP request; the SDK's own
 * `streamText` would retry below our retries, and treat a stream that breaks off as complete.
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

/** The parts of the stream that are used; other types (reasoning, warnings) are skipped. */
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

/** A provider's model, and the secrets that must never be shown. */
export interface OpenedLanguageModel {
  readonly model: SdkLanguageModel
  readonly secrets: readonly (string | undefined)[]
}
