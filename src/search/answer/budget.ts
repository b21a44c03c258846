import { counted, grouped } from '../../core/counted.ts'
import { RevectorError } from '../../core/errors.ts'
import type { LanguageModelSpec } from '../../generating/contract.ts'
import { estimateTokens } from '../../splitting/tokens.ts'
import { promptFor } from './prompt.ts'

/** Less room than this is too little for passages. */
const leastRoom = 200

/** Of all keys of a prompt's tags, the one with most tokens: letters and digits in turns. */
const longestKey = 'a0a0a0a0'

const latin = /[A-Za-z\u00c0-\u024f]/g
const english = /\b(?:the|of|and|to|in|is|are|for|with|that|this|how|what|a)\b/gi
/**
 * How far the estimate may be too low for other languages in Latin letters: it gives 0.6 to 1 of the true
 * count.
 */
const lowest = 0.6
/** At least this share of the words of English text is among its most common ones; in source code, few are. */
const leastEnglish = 0.08

/** Most tokens that a text can have, whatever its language. */
export function tokensAtMost(text: string): number {
  const estimate = estimateTokens(text)
  if ((text.match(latin)?.length ?? 0) < text.length / 2) return estimate
  const words = text.match(/\p{L}+/gu)?.length ?? 0
  const common = text.match(english)?.length ?? 0
  return common >= leastEnglish * words ? estimate : Math.ceil(estimate / lowest)
}

/**
 * Tokens for passages: what the context leaves beside the answer, the question and our instructions.
 *
 * @throws RevectorError CONFIG_INVALID if even an empty question leaves nothing, INVALID_INPUT if this one does
 */
export function roomForPassages(
  { contextTokens, maxOutputTokens }: Pick<LanguageModelSpec, 'contextTokens' | 'maxOutputTokens'>,
  question: string,
): number {
  const { system, user } = promptFor('', [], longestKey)
  const room = contextTokens - maxOutputTokens - tokensAtMost(system) - tokensAtMost(user)
  if (room < leastRoom) {
    throw new RevectorError(
      'CONFIG_INVALID',
      `The language model's context of ${counted(contextTokens, 'token')} leaves no room for passages beside an answer of ${grouped(maxOutputTokens)}.`,
      { hint: 'Set a larger contextTokens or a smaller maxOutputTokens.', data: { option: 'languageModel' } },
    )
  }
  const questionTokens = tokensAtMost(question)
  if (room - questionTokens < leastRoom) {
    throw new RevectorError(
      'INVALID_INPUT',
      `The question is too long for the language model: about ${counted(questionTokens, 'token')}, expected at most ${grouped(room - leastRoom)}.`,
      { hint: 'Ask a shorter question, or set a larger contextTokens.', data: { field: 'query' } },
    )
  }
  return room - questionTokens
}
