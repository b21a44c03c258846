import { abortable } from '../hosted/clock.ts'
import { ProviderFailure } from '../hosted/failure.ts'
import type { Generated, LanguageModelSpec, Prompt } from './contract.ts'
import type { OpenedLanguageModel, SdkPart } from './providers/language-model.ts'
import { streamFailure } from './stream-failure.ts'
import { withoutThinking } from './thinking.ts'

/** One request and the stream that answers it. */
export interface Reply {
  /** The next words, or the end. @throws ProviderFailure */
  next(): Promise<Generated>
  /** Ends the request if it has not ended. */
  close(): Promise<void>
}

export function openReply(
  spec: LanguageModelSpec,
  { model, secrets }: OpenedLanguageModel,
  prompt: Prompt,
  signal: AbortSignal,
): Reply {
  const request = new AbortController()
  const stop = () => request.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  let reader: ReadableStreamDefaultReader<SdkPart> | undefined
  const answer = withoutThinking()
  let ending: Generated | undefined

  async function open(): Promise<ReadableStreamDefaultReader<SdkPart>> {
    const { stream } = await model.doStream({
      prompt: [
        { role: 'system', content: prompt.system },
        { role: 'user', content: [{ type: 'text', text: prompt.user }] },
      ],
      maxOutputTokens: spec.maxOutputTokens,
      abortSignal: request.signal,
    })
    return stream.getReader()
  }

  async function part(): Promise<SdkPart | undefined> {
    reader ??= await open()
    return (await reader.read()).value
  }

  /** Fails a request that is silent for too long: every part of the stream is a sign of life. */
  async function partInTime(): Promise<SdkPart | undefined> {
    let silent = false
    const timer = setTimeout(() => {
      silent = true
      request.abort()
    }, spec.timeoutMs)
    try {
      return await abortable(part(), request.signal)
    } catch (error) {
      if (silent) throw new ProviderFailure('unavailable', `No data for ${spec.timeoutMs / 1000} s.`)
      if (signal.aborted) throw error
      throw streamFailure(error, secrets)
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    async next() {
      if (ending !== undefined) return ending
      for (;;) {
        const came = await partInTime()
        // No finish reason: the stream was cut off, which the SDK does not report.
        if (came === undefined) throw new ProviderFailure('unavailable', 'The reply broke off.')
        const text = came.type === 'text-delta' ? answer.push(came.delta ?? '') : ''
        if (text !== '') return { type: 'text', text }
        if (came.type === 'error') throw streamFailure(came.error, secrets)
        if (came.type !== 'finish') continue
        ending = ended(came)
        const rest = answer.end()
        return rest === '' ? ending : { type: 'text', text: rest }
      }
    },
    async close() {
      signal.removeEventListener('abort', stop)
      request.abort()
      await reader?.cancel().catch(() => undefined)
    },
  }
}

function ended({ finishReason, usage }: SdkPart): Generated {
  // The SDK ends a stream that was cut off as if it were complete, but without the provider's finish reason.
  if (finishReason?.raw === undefined) throw new ProviderFailure('unavailable', 'The reply broke off.')
  if (finishReason.unified === 'content-filter') {
    throw new ProviderFailure('rejected', 'The provider withheld the answer (content filter).')
  }
  // Some providers report a failure here, after a part of the words.
  if (finishReason.unified === 'error' || /error|insufficient|abort/i.test(finishReason.raw)) {
    throw new ProviderFailure('unavailable', `The provider ended its reply: ${finishReason.raw}.`)
  }
  const inputTokens = usage?.inputTokens.total
  const outputTokens = usage?.outputTokens.total
  return {
    type: 'end',
    cut: finishReason.unified === 'length',
    usage: inputTokens === undefined || outputTokens === undefined ? null : { inputTokens, outputTokens },
  }
}
