import { RevectorError } from '../../core/errors.ts'
import type { LanguageModelSpec } from '../../generating/contract.ts'
import { estimateTokens } from '../../splitting/tokens.ts'
import { promptFor } from './prompt.ts'

/** Less room than this for passages is none. */
const leastRoom = 200

const latin = /[A-Za-z\u00c0-\u024f]/g
const english = /\b(?:the|of|and|to|in|is|are|for|with|that|this|how|what|a)\b/gi
/** By how much the estimate may be too low in other languages of Latin letters: it gives 0.6 to 1 of what they take. */
const lowest = 0.6
/** Of the words of English text, so many at least are of its most common ones; of source code, few are. */
const leastEnglish = 0.08

/** Tokens that a text takes at most, whatever its language. */
export function tokensAtMost(text: string): number {
  const estimate = estimateTokens(text)
  if ((text.match(latin)?.length ?? 0) < text.length / 2) return estimate
  const words = text.match(/\p{L}+/gu)?.length ?? 0
  const common = text.match(english)?.length ?? 0
  return common >= leastEnglish * words ? estimate : Math.ceil(estimate / lowest)
}

/**
 * Tokens for passages: what the context has beside the answer, the question and our own words.
 *
 * @throws RevectorError CONFIG_INVALID when even an empty question leaves nothing, INVALID_INPUT when this one does
 */
export function roomForPassages(
  { contextTokens, maxOutputTokens }: LanguageModelSpec,
  question: string,
): number {
  const { system, user } = promptFor('', [], '00000000')
  const room = contextTokens - maxOutputTokens - tokensAtMost(system) - tokensAtMost(user)
  if (room < leastRoom) {
    throw new RevectorError(
      'CONFIG_INVALID',
      `The language model's context of ${contextTokens} tokens leaves no room for passages beside an answer of ${maxOutputTokens}.`,
      { hint: 'Set a larger contextTokens or a smaller maxOutputTokens.', data: { option: 'languageModel' } },
    )
  }
  const asked = tokensAtMost(question)
  if (room - asked < leastRoom) {
    throw new RevectorError(
      'INVALID_INPUT',
      `The question is too long for the language model: about ${asked} tokens, expected at most ${room - leastRoom}.`,
      { hint: 'Ask a shorter question, or set a larger contextTokens.', data: { field: 'query' } },
    )
  }
  return room - asked
}
