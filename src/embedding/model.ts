import pLimit from 'p-limit'
import { interrupted, RevectorError, throwIfAborted } from '../core/errors.ts'
import type { ProviderCall } from '../core/provider-call.ts'
import { takingTurns } from '../core/turns.ts'
import { abortable, type Clock, systemClock } from '../hosted/clock.ts'
import { ProviderFailure } from '../hosted/failure.ts'
import { GivenUp, withRetries } from '../hosted/retry.ts'
import type { ModelSpec } from '../wire/model.ts'
import { toBatches } from './batches.ts'
import { checkReply, checkVector } from './check.ts'
import type { EmbeddingModel, EmbedEachOptions, EmbedOutcome, InputKind, ModelLimits } from './contract.ts'
import { refusal } from './failure.ts'
import { isolate } from './isolate.ts'
import { createRateLimit, type RateLimit } from './rate-limit.ts'
import type { RawModel, TokenCounter } from './raw-model.ts'
import { pool, type Window, windowsOf } from './windows.ts'

export interface LayerOptions {
  readonly limits: ModelLimits
  readonly countTokens: TokenCounter
  /** Whether `countTokens` is exact; an estimate leaves a quarter of the limit as margin. */
  readonly exactTokens: boolean
  /** For documents. Default: the limits, counted in this process. */
  readonly rateLimit?: RateLimit
  readonly onCall?: (call: Omit<ProviderCall, 'model'>) => void
  readonly onRetry?: (event: { attempt: number; waitMs: number; reason: string }) => void
  readonly clock?: Clock
  readonly random?: () => number
}

/** One text, or one window of it, to be sent to the provider. */
interface Item extends Window {
  readonly of: number
}

/** Most tokens that begin and end marks take of a model's limit, if that isn't known. */
const usualMarkTokens = 4
const estimateMargin = 0.75

/** A text that every model can embed. */
const plainText = 'A sentence.'

/**
 * The layers that all providers share, outermost first: prefixes, refusal of empty texts, windows, batches,
 * concurrency, isolation of bad texts, retries, rate limits, time-out, checks. A failure has already been
 * retried here: no caller needs to.
 */
export function layered(spec: ModelSpec, raw: RawModel, options: LayerOptions): EmbeddingModel {
  const { limits, clock = systemClock, random = Math.random } = options
  const { rateLimit = createRateLimit(limits, clock) } = options
  // A user waits for the few tokens of a question: they neither queue behind a fill nor wait for the shared
  // rate limit.
  const questions = createRateLimit(limits, clock)
  const slots = { document: pLimit(limits.concurrency), query: pLimit(limits.concurrency) }
  const closing = new AbortController()
  let closed: Promise<void> | undefined

  function toItems(text: string, place: number, kind: InputKind): Item[] {
    const prefix = kind === 'query' ? spec.queryPrefix : spec.documentPrefix
    const prefixTokens = prefix === '' ? 0 : options.countTokens(prefix)
    const limit = limits.maxInputTokens * (options.exactTokens ? 1 : estimateMargin)
    const room = Math.max(1, Math.floor(limit) - (raw.markTokens ?? usualMarkTokens) - prefixTokens)
    return windowsOf(text, { count: options.countTokens, tokens: room }).map((window) => ({
      of: place,
      text: prefix + window.text,
      tokens: window.tokens + prefixTokens,
    }))
  }

  const plainItem = (kind: InputKind): Item => ({
    of: -1,
    text: (kind === 'query' ? spec.queryPrefix : spec.documentPrefix) + plainText,
    tokens: options.countTokens(plainText),
  })

  async function send(
    items: readonly Item[],
    kind: InputKind,
    signal: AbortSignal,
    spent: (n: number) => void,
  ) {
    const texts = items.map((item) => item.text)
    const tokens = items.reduce((total, item) => total + item.tokens, 0)
    const attempt = async () => {
      await (kind === 'query' ? questions : rateLimit).acquire(tokens, signal)
      const started = performance.now()
      const tell = (tokens: number, failure: string | null) => {
        const seconds = (performance.now() - started) / 1_000
        options.onCall?.({ kind, texts: texts.length, tokens, seconds, failure })
      }
      try {
        const reply = await request(texts, kind, signal)
        spent(reply.tokens ?? tokens)
        const checked = checkReply(reply, items.length, spec)
        const [only] = checked
        if (texts.length === 1 && only instanceof ProviderFailure) throw only
        tell(reply.tokens ?? tokens, null)
        return checked
      } catch (error) {
        // An interruption is not a failure.
        if (error instanceof ProviderFailure) tell(0, error.kind)
        // The others are sent again without it at once.
        if (texts.length > 1 && error instanceof ProviderFailure && error.mayBeOneText) {
          throw new GivenUp(error, 1)
        }
        throw error
      }
    }
    const onRetry = async (event: { attempt: number; waitMs: number; failure: ProviderFailure }) => {
      // A refusal because of the rate limit also counts for the requests beside it.
      if (event.failure.retryAfterMs !== null) {
        await rateLimit.pause(event.waitMs)
        if (kind === 'query') await questions.pause(event.waitMs)
      }
      options.onRetry?.({ attempt: event.attempt, waitMs: event.waitMs, reason: event.failure.message })
    }
    const policy = { clock, random, maxAttempts: limits.maxAttempts, onRetry }
    return withRetries(attempt, policy, signal)
  }

  /**
   * One request, aborted if it takes too long. Hand-written, because AbortSignal.any and .timeout cost as much
   * as everything else that a query does in these layers.
   */
  async function request(texts: readonly string[], kind: InputKind, signal: AbortSignal) {
    const either = new AbortController()
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      either.abort()
    }, limits.requestTimeoutMs)
    timer.unref()
    const stop = () => either.abort(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    try {
      return await abortable(raw.embedBatch(texts, kind, either.signal), either.signal)
    } catch (error) {
      throwIfAborted(signal)
      if (timedOut) {
        const seconds = limits.requestTimeoutMs / 1000
        throw new ProviderFailure('unavailable', `No reply within ${seconds} s.`)
      }
      throw error
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
  }

  async function embedEach(texts: readonly string[], { kind, signal: given, onEmbedded }: EmbedEachOptions) {
    if (closing.signal.aborted) {
      throw new RevectorError('INVALID_INPUT', `Model ${spec.modelName} has been closed.`)
    }
    throwIfAborted(given)
    const errors = new Map<number, RevectorError>()
    const items: Item[] = []
    // Counting the tokens of a long document's chunks takes seconds.
    const pause = takingTurns()
    for (const [place, text] of texts.entries()) {
      if (place > 0) await pause()
      if (text.trim() === '') errors.set(place, emptyText(spec, place))
      else items.push(...toItems(text, place, kind))
    }
    const batches = toBatches(items, { items: limits.batchItems, tokens: limits.batchTokens })
    const failed = new AbortController()
    const outer = given === undefined ? [closing.signal] : [closing.signal, given]
    // A batch that is alone has no others to stop.
    const signals = batches.length > 1 ? [...outer, failed.signal] : outer
    const [only = closing.signal] = signals
    const signal = signals.length === 1 ? only : AbortSignal.any(signals)

    const vectors = new Map<Item, Float32Array>()
    let done = 0
    let tokens = 0
    const spent = (count: number) => {
      tokens += count
    }
    const embedBatch = async (batch: readonly Item[]) => {
      throwIfAborted(signal)
      const results = await isolate(
        batch,
        (part) => send(part, kind, signal, spent),
        () => plainItem(kind),
      )
      for (const [place, item] of batch.entries()) {
        const result = results[place]
        if (result instanceof Float32Array) vectors.set(item, result)
        else if (result !== undefined) errors.set(item.of, refusal(result, spec, { index: item.of }))
      }
      done += batch.length
      onEmbedded?.(Math.floor((texts.length * done) / items.length))
    }
    const work = batches.map((batch) => slots[kind](() => embedBatch(batch)))
    try {
      await Promise.all(work)
    } catch (error) {
      // The other batches are useless now: stop them, and wait so that none outlives this call.
      failed.abort()
      await Promise.allSettled(work)
      if (outer.some((one) => one.aborted)) throw interrupted(given)
      throw publicError(error, spec)
    }
    return { outcomes: toOutcomes(texts.length, items, vectors, errors, spec), tokens }
  }

  return {
    spec,
    limits,
    embedEach,
    async embed(texts, embedOptions) {
      const empty = texts.findIndex((text) => text.trim() === '')
      // Refused before anything is paid for.
      if (empty >= 0) throw emptyText(spec, empty)
      const { outcomes, tokens } = await embedEach(texts, embedOptions)
      const vectors = outcomes.map((outcome) => {
        if (outcome.error !== undefined) throw outcome.error
        return outcome.vector
      })
      return { vectors, tokens }
    },
    close() {
      closing.abort()
      closed ??= raw.close?.() ?? Promise.resolve()
      return closed
    },
  }
}

function toOutcomes(
  count: number,
  items: readonly Item[],
  vectors: ReadonlyMap<Item, Float32Array>,
  errors: ReadonlyMap<number, RevectorError>,
  spec: ModelSpec,
): EmbedOutcome[] {
  const parts = Array.from({ length: count }, (): { vector: Float32Array; tokens: number }[] => [])
  for (const item of items) {
    const vector = vectors.get(item)
    if (vector !== undefined) parts[item.of]?.push({ vector, tokens: item.tokens })
  }
  return parts.map((windows, place) => {
    const error = errors.get(place)
    if (error !== undefined) return { error }
    // Windows may cancel each other out, or not have length 1.
    const vector = windows.length === 1 ? windows[0]?.vector : checkVector(pool(windows), spec.normalize)
    if (vector instanceof Float32Array) return { vector }
    const failure = vector ?? new ProviderFailure('invalid', 'No vector was returned.')
    return { error: refusal(failure, spec, { index: place }) }
  })
}

function emptyText(spec: ModelSpec, index: number): RevectorError {
  return new RevectorError('INVALID_INPUT', `Text ${index} is empty: there is nothing to embed.`, {
    hint: 'Omit empty texts.',
    data: { model: spec.modelName, index },
  })
}

function publicError(error: unknown, spec: ModelSpec): unknown {
  if (error instanceof GivenUp) return refusal(error.failure, spec, { attempts: error.attempts })
  return error instanceof ProviderFailure ? refusal(error, spec) : error
}
