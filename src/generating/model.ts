import { interrupted, throwIfAborted } from '../core/errors.ts'
import type { Clock } from '../hosted/clock.ts'
import { ProviderFailure, providerError } from '../hosted/failure.ts'
import { GivenUp, withRetries } from '../hosted/retry.ts'
import type { Generated, LanguageModel, LanguageModelSpec, Prompt } from './contract.ts'
import type { OpenedLanguageModel } from './providers/language-model.ts'
import { openReply, type Reply } from './reply.ts'

export interface GeneratingOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly onRetry?: (event: { attempt: number; waitMs: number; reason: string }) => void
}

/** What stands above every provider: retries, time-outs, interruption, and errors that tell what to do. */
export function languageModel(
  spec: LanguageModelSpec,
  opened: OpenedLanguageModel,
  { clock, random, onRetry }: GeneratingOptions,
): LanguageModel {
  const policy = {
    clock,
    random,
    maxAttempts: spec.maxAttempts,
    onRetry: async (event: { attempt: number; waitMs: number; failure: ProviderFailure }) =>
      onRetry?.({ attempt: event.attempt, waitMs: event.waitMs, reason: event.failure.message }),
  }
  return {
    name: `${spec.provider}:${spec.model}`,
    spec,
    async *generate(prompt, { signal: given } = {}) {
      throwIfAborted(given)
      const signal = given ?? new AbortController().signal
      let reply: Reply | undefined
      try {
        const begun = await withRetries(() => begin(spec, opened, prompt, signal), policy, signal)
        reply = begun.reply
        yield begun.first
        for (;;) {
          const next = await reply.next()
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

/** One request, until its first word: up to there nobody has seen anything of it, and it may be made again. */
async function begin(
  spec: LanguageModelSpec,
  opened: OpenedLanguageModel,
  prompt: Prompt,
  signal: AbortSignal,
): Promise<{ readonly first: Generated; readonly reply: Reply }> {
  const reply = openReply(spec, opened, prompt, signal)
  try {
    const first = await reply.next()
    if (first.type === 'text') return { first, reply }
    throw first.cut
      ? new ProviderFailure('invalid', `All ${spec.maxOutputTokens} tokens were used before the first word.`)
      : new ProviderFailure('garbled', 'The reply has no text.')
  } catch (error) {
    await reply.close()
    throw error
  }
}

function publicError(error: unknown, spec: LanguageModelSpec, begun: boolean): unknown {
  const attempts = error instanceof GivenUp ? error.attempts : 1
  const failure = error instanceof GivenUp ? error.failure : error
  if (!(failure instanceof ProviderFailure)) return error
  const asked = { ...spec, modelName: spec.model, remoteName: spec.model }
  const again = 'Ask again; what came of the answer is not whole.'
  return providerError(failure, asked, {
    verb: 'answer',
    attempts,
    ...(begun ? { data: { broke_off: true } } : {}),
    hints: {
      limited: 'Wait and ask again.',
      rejected:
        'The provider refuses this question or one of its passages: ask otherwise, or for fewer passages.',
      garbled: 'Ask again. If it stays so, check that the endpoint serves this model.',
      invalid: 'Set a larger maxOutputTokens for the language model.',
      ...(begun ? { unavailable: again, garbled: again } : {}),
    },
  })
}
