import type { ModelSpec } from '../wire/model.ts'
import { knownModelOf } from './catalogue.ts'
import type { TokenCounter } from './raw-model.ts'

export type { TokenCounter } from './raw-model.ts'

// A run of Latin letters (a capital begins a new one: camelCase, base64), a run of digits, a run of blanks,
// a line end, any other character.
const pieces = /[A-Z]?[a-z\u00df-\u00ff]+|[A-Z\u00c0-\u00de]+|\d+|[^\S\n]+|\n+|[\s\S]/gu

/**
 * Tokens of a text, estimated from its letters without a vocabulary: about one per word of up to six letters
 * and one more for every further five, one for two digits, one per mark. Prose, Markdown, code and JSON come
 * out 15 to 40 % above cl100k's count; other scripts are counted per character, close to it. Too high costs a
 * little room; too low would make a provider reject a text.
 */
export const estimateTokens: TokenCounter = (text) => {
  let tokens = 0
  // Testing only where each piece ends avoids making strings and matches.
  const next = new RegExp(pieces)
  for (let begin = 0; next.test(text); begin = next.lastIndex) {
    tokens += estimatePiece(text.codePointAt(begin) ?? 0, next.lastIndex - begin)
  }
  return Math.ceil(tokens)
}

/** Tokens of a piece, by its first character and its length in code units. */
function estimatePiece(code: number, length: number): number {
  if (code === 0x0a) return 1
  if (code === 0x20 || code === 0x09) return length === 1 ? 0 : 0.25 + length / 16
  if (code >= 0x30 && code <= 0x39) return Math.ceil(length / 2)
  if (code < 0x80 && length > 1) return 1 + Math.floor((length - 2) / 5)
  if (code < 0x80) return 1
  if (code <= 0xff) return length === 1 ? 1 : 1 + length / 4
  if (code < 0x2000) return 0.8
  return code > 0xffff ? 3 : 1.3
}

/** Loads what counting this model's tokens needs: cl100k for OpenAI's models, otherwise the estimate. */
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

async function loadCl100k(): Promise<TokenCounter> {
  const cl100k = await import('gpt-tokenizer/encoding/cl100k_base')
  // A document about tokenizers may contain "<|endoftext|>": to an embedding model it is text like any other.
  const asText = { disallowedSpecial: new Set<string>() }
  return (text) => {
    let tokens = 0
    for (const part of withoutLongRuns(text)) tokens += cl100k.countTokens(part, asText)
    return tokens
  }
}

const longRun = /\S{400}|\s{400}/g

/**
 * Byte-pair encoding takes time quadratic in the length of an unbroken run: 100,000 times "a" took 8 s. Cutting
 * such runs every 400 characters adds at most one token per cut.
 */
function withoutLongRuns(text: string): string[] {
  const parts: string[] = []
  let start = 0
  for (const run of text.matchAll(longRun)) {
    const end = run.index + run[0].length
    parts.push(text.slice(start, end))
    start = end
  }
  parts.push(text.slice(start))
  return parts
}
