import type { Hit } from '../wire/search.ts'

export function atLeast(hits: readonly Hit[], minScore: number | undefined): readonly Hit[] {
  return minScore === undefined ? hits : hits.filter((hit) => hit.score >= minScore)
}
