import { throwIfAborted } from '../../core/errors.ts'
import { isExact, tokenCounter } from '../../embedding/tokens.ts'
import type { StoreDeps } from '../../store/deps.ts'
import { type FillCounts, sampleTexts } from '../../store/plan-counts.ts'
import type { MigrationScope } from '../../wire/migration.ts'
import type { Model } from '../../wire/model.ts'

export interface TokensToEmbed {
  readonly count: number
  readonly exact: boolean
}

/**
 * More texts than this are not counted one by one: their tokens are estimated from their length. Counting these
 * takes seconds.
 */
const counted = 20_000

/**
 * Tokens that a provider would bill: texts without repetitions, each with its prefix. The overlap between
 * windows of long texts is not counted.
 */
export async function countTokensToEmbed(
  { db, layout }: StoreDeps,
  request: {
    readonly target: Model
    readonly scope: MigrationScope
    readonly counts: FillCounts
    readonly signal?: AbortSignal
  },
): Promise<TokensToEmbed> {
  const { target, scope, counts, signal } = request
  const count = await tokenCounter(target)
  let tokens = 0
  let texts = 0
  let characters = 0
  for await (const page of sampleTexts(db, layout, target, { scope, limit: counted, signal })) {
    throwIfAborted(signal)
    for (const { content } of page) {
      tokens += count(target.documentPrefix + content)
      texts += 1
      // As PostgreSQL counts them: code points.
      characters += lengthOf(content)
    }
  }
  const rest = counts.characters - characters
  if (texts >= counts.texts || rest <= 0 || characters === 0) {
    return { count: tokens, exact: isExact(target) }
  }
  return { count: Math.round(tokens * (counts.characters / characters)), exact: false }
}

function lengthOf(text: string): number {
  let length = 0
  for (const _ of text) length += 1
  return length
}
