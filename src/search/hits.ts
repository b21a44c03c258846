import type { Hit } from '../core/search.ts'
import type { FoundChunk } from '../store/nearest.ts'

export function atLeast(hits: readonly Hit[], minScore: number | undefined): readonly Hit[] {
  return minScore === undefined ? hits : hits.filter((hit) => hit.score >= minScore)
}

export function toHit(chunk: FoundChunk, place: Pick<Hit, 'rank' | 'score' | 'distance' | 'models'>): Hit {
  return {
    rank: place.rank,
    chunkId: chunk.chunkId,
    documentId: chunk.documentId,
    title: chunk.title,
    content: chunk.content,
    score: place.score,
    distance: place.distance,
    models: place.models,
    metadata: chunk.metadata,
    source: chunk.source,
    headingPath: chunk.headingPath,
    page: chunk.page,
    startOffset: chunk.startOffset,
    endOffset: chunk.endOffset,
  }
}
