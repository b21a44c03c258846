import type { ModelSpec } from '../core/model.ts'
import { knownModelOf } from './catalogue.ts'
import type { TokenCounter } from './raw-model.ts'

export type { TokenCounter } from './raw-model.ts'

// A run of Latin letters (a capital begins a new one: camelCase, base64), a run of digits, a run of blanks,
// a line end, any other character.
const pieces = /[A-Z]?[a-z\u00df-\u00ff]+|[A-Z\u00c0-\u00de]+|\d+|[^\S\n]+|\n+|[\s\S]/gu

/**
 * Tokens of a text, estimated from its letters without a vocabulary: about one per word of up to six letters
 * and one more for every further five, one for two digits, one per mark. English prose and Markdown come out
 * 0 to 30 % above what cl100k counts; other scripts are counted per character, which is above most tokenizers.
 * Too high costs a little room; too low would let a provider cut a text.
 */
export const estimateTokens: TokenCounter = (text) => {
  let tokens = 0
  for (const [piece] of text.matchAll(pieces)) tokens += estimatePiece(piece)
  return Math.ceil(tokens)
}

function estimatePiece(piece: string): number {
  const code = piece.codePointAt(0) ?? 0
  if (code === 0x0a) return 1
  if (code === 0x20 || code === 0x09) return piece.length === 1 ? 0 : 0.25 + piece.length / 16
  if (code >= 0x30 && code <= 0x39) return Math.ceil(piece.length / 2)
  if (code < 0x80 && piece.length > 1) return 1 + Math.floor((piece.length - 2) / 5)
  if (code < 0x80) return 1
  if (code <= 0xff) return piece.length === 1 ? 1 : 1 + piece.length / 4
  if (code < 0x2000) return 0.8
  return code > 0xffff ? 3 : 1.3
}

/** Loads what counting this model's tokens takes: cl100k for OpenAI's models, otherwise the estimate. */
export async function tokenCounter(spec: Pick<ModelSpec, 'provider' | 'remoteName'>): Promise<TokenCounter> {
  if (spec.provider === 'bundled') {
    const { loadTokenizer } = await import('./bundled/tokenizer.ts')
    const tokenizer = await loadTokenizer()
    return (text) => tokenizer.encode(text).length
  }
  return isExact(spec) ? loadCl100k() : estimateTokens
}

/** Whether `tokenCounter` counts exactly. */
export function isExact(spec: Pick<ModelSpec, 'provider' | 'remoteName'>): boolean {
  return spec.provider === 'bundled' || knownModelOf(spec)?.tokenizer === 'cl100k'
}

export async function countTokens(
  spec: Pick<ModelSpec, 'provider' | 'remoteName'>,
  text: string,
): Promise<number> {
  const count = await tokenCounter(spec)
  return count(text)
}

async function loadCl100k(): Promise<TokenCounter> {
  const cl100k = await import('gpt-tokenizer/encoding/cl100k_base')
  // A document about tokenizers may contain "<|endoftext|>": to an embedding model it is text like any other.
  const asText = { disallowedSpecial: new Set<string>() }
  return (text) => cl100k.countTokens(text, asText)
}
