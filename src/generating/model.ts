import { interrupted, throwIfAborted } from '../core/errors.ts'
import type { OnLanguageModelCall } from '../core/provider-call.ts'
import type { Clock } from '../hosted/clock.ts'
import { ProviderFailure, providerError } from '../hosted/failure.ts'
import { GivenUp, withRetries } from '../hosted/retry.ts'
import type { TokenUsage } from '../wire/answer.ts'
import type { Generated, LanguageModel, LanguageModelSpec } from './contract.ts'
import type { OpenedLanguageModel } from './providers/language-model.ts'
import { openReply, type Reply } from './reply.ts'

export interface GeneratingOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly onCall?: OnLanguageModelCall
  readonly onRetry?: (event: { attempt: number; waitMs: number; reason: string }) => void
}

/** What all providers share: retries, time-outs, interruption, and errors that say what to do. */
export function languageModel(
  spec: LanguageModelSpec,
  opened: OpenedLanguageModel,
  { clock, random, onRetry, onCall }: GeneratingOptions,
): LanguageModel {
  const policy = {
    clock,
    random,
    maxAttempts: spec.maxAttempts,
    onRetry: async (event: { attempt: number; waitMs: number; failure: ProviderFailure }) =>
      onRetry?.({ attempt: event.attempt, waitMs: event.waitMs, reason: event.failure.message }),
  }
  const name = `${spec.provider}:${spec.model}`

  /** Notes the start of a request; returns the function that reports its end. */
  function requestStarted(): Ended {
    const started = performance.now()
    return ({ failure = null, usage = null }) => {
      const { inputTokens = 0, outputTokens = 0 } = usage ?? {}
      const seconds = (performance.now() - started) / 1_000
      onCall?.({ model: name, inputTokens, outputTokens, seconds, failure })
    }
  }

  return {
    name,
    spec,
    async *generate(prompt, { signal: given } = {}) {
      throwIfAborted(given)
      const signal = given ?? new AbortController().signal
      let reply: Reply | undefined
      try {
        const ask = () => begin(openReply(spec, opened, prompt, signal), requestStarted(), spec)
        const begun = await withRetries(ask, policy, signal)
        reply = begun.reply
        yield begun.first
        for (;;) {
          const next = await reply.next().catch((error: unknown) => failed(error, begun.ended))
          if (next.type === 'end') begun.ended(next)
          yield next
          if (next.type === 'end') return
        }
      } catch (error) {
        if (given?.aborted === true) throw interrupted(given)
        throw publicError(error, spec, reply !== undefined)
      } finally {
        await reply?.close()
      }
    },
  }
}

type Ended = (how: { readonly failure?: string; readonly usage?: TokenUsage | null }) => void

/** An interruption is not a failure. */
function failed(error: unknown, ended: Ended): never {
  if (error instanceof ProviderFailure) ended({ failure: error.kind })
  throw error
}

/** One request until its first word: up to there the caller has seen nothing, so it can be retried. */
async function begin(
  reply: Reply,
  ended: Ended,
  { maxOutputTokens }: LanguageModelSpec,
): Promise<{ readonly first: Generated; readonly reply: Reply; readonly ended: Ended }> {
  try {
    const first = await reply.next()
    if (first.type === 'text') return { first, reply, ended }
    throw first.cut
      ? new ProviderFailure('cut', `All ${maxOutputTokens} tokens were used before the first word.`)
      : new ProviderFailure('garbled', 'The reply has no text.')
  } catch (error) {
    await reply.close()
    return failed(error, ended)
  }
}

function publicError(error: unknown, spec: LanguageModelSpec, begun: boolean): unknown {
  const attempts = error instanceof GivenUp ? error.attempts : 1
  const failure = error instanceof GivenUp ? error.failure : error
  if (!(failure instanceof ProviderFailure)) return error
  const named = { ...spec, modelName: spec.model, remoteName: spec.model }
  const again = 'Ask again: the answer is incomplete.'
  return providerError(failure, named, {
    verb: 'answer',
    attempts,
    ...(begun ? { data: { broke_off: true } } : {}),
    hints: {
      limited: 'Wait and ask again.',
      rejected:
        'The provider rejects this question or one of its passages: rephrase it, or use fewer passages.',
      garbled: 'Ask again. If it keeps failing, check that the endpoint serves this model.',
      cut: 'Set a larger maxOutputTokens for the language model.',
      ...(begun ? { unavailable: again, garbled: again } : {}),
    },
  })
}
