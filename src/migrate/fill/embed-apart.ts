import { isRevectorError, type RevectorError } from '../../core/errors.ts'
import type { EmbeddedEach, EmbeddingModel, EmbedOutcome } from '../../embedding/contract.ts'

/** What providers answer with when one of the texts is the reason, and also when the request itself is wrong. */
const aboutTheTexts: ReadonlySet<unknown> = new Set([400, 413, 422])

export function mayBeTheTexts(error: unknown): error is RevectorError {
  return isRevectorError(error, 'PROVIDER_REFUSED') && aboutTheTexts.has(error.data['status'])
}

/**
 * As `embedEach`, but for batches in which most texts are at fault: the model itself takes the request for wrong when
 * the first texts that stand alone are all refused. Here the batch is halved until it doesn't, provided that any text
 * has ever been accepted.
 *
 * @throws RevectorError of the provider, INTERRUPTED
 */
export async function embedApart(
  model: EmbeddingModel,
  texts: readonly string[],
  options: { readonly proven: boolean; readonly signal: AbortSignal },
): Promise<EmbeddedEach> {
  try {
    return await embedSurely(model, texts, options.signal)
  } catch (error) {
    if (!mayBeTheTexts(error) || texts.length < 2) throw error
    if (!options.proven && !(await acceptsAny(model, texts, options.signal))) throw error
    const middle = texts.length >> 1
    const known = { ...options, proven: true }
    const first = await embedApart(model, texts.slice(0, middle), known)
    const second = await embedApart(model, texts.slice(middle), known)
    return { outcomes: [...first.outcomes, ...second.outcomes], tokens: first.tokens + second.tokens }
  }
}

/**
 * A vector of zeros or NaN may be the text's fault, or a bad moment of the provider: what came so is asked for again, at
 * first together, then each alone, before it is believed.
 */
async function embedSurely(
  model: EmbeddingModel,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<EmbeddedEach> {
  const first = await model.embedEach(texts, { kind: 'document', signal })
  const outcomes = [...first.outcomes]
  let { tokens } = first
  const doubtful = () => [...outcomes.keys()].filter((place) => isDoubtful(outcomes[place]))
  async function again(places: readonly number[]): Promise<void> {
    const asked = places.map((place) => texts[place] ?? '')
    const reply = await model.embedEach(asked, { kind: 'document', signal })
    tokens += reply.tokens
    for (const [i, place] of places.entries()) {
      const outcome = reply.outcomes[i]
      if (outcome !== undefined) outcomes[place] = outcome
    }
  }
  const some = doubtful()
  if (some.length > 0) await again(some)
  if (some.length > 1) for (const place of doubtful()) await again([place])
  return { outcomes, tokens }
}

function isDoubtful(outcome: EmbedOutcome | undefined): boolean {
  return outcome?.error?.code === 'PROVIDER_REPLY_INVALID'
}

/** Whether the longest text or the one in the middle is accepted: the shortest were refused already. */
async function acceptsAny(
  model: EmbeddingModel,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const byLength = texts.toSorted((a, b) => b.length - a.length)
  for (const text of [byLength[0], byLength[byLength.length >> 1]]) {
    if (text === undefined) continue
    const { outcomes } = await model.embedEach([text], { kind: 'document', signal })
    if (outcomes[0]?.vector !== undefined) return true
  }
  return false
}
