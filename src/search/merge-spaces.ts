import type { ChunkId } from '../core/document.ts'
import type { DistancePair } from '../store/both-spaces.ts'
import type { FoundChunk } from '../store/nearest.ts'
import type { Model } from '../wire/model.ts'
import type { Hit } from '../wire/search.ts'
import { quantileMap } from './quantile-map.ts'
import { scoreOf } from './score.ts'

/** The results of one model, nearest first. */
export interface FoundIn {
  readonly model: Model
  readonly found: readonly FoundChunk[]
}

export interface BothSpaces {
  readonly source: FoundIn
  readonly target: FoundIn
  /** Distances of chunks that have both vectors: those of the sample, and those that the source found. */
  readonly pairs: ReadonlyMap<ChunkId, DistancePair>
  readonly calibration: readonly ChunkId[]
}

interface Placed {
  readonly chunk: FoundChunk
  readonly score: number
  readonly distance: number
  readonly models: Hit['models']
}

/**
 * One list of two spaces while chunks move from one to the other. Each chunk appears once: one with a target
 * vector is ranked by its target score, one without by the target score that its source score corresponds to.
 * Distances of the two spaces are never compared with each other.
 */
export function mergeSpaces(both: BothSpaces, topK: number): readonly Hit[] {
  const { source, target } = both
  const rankInTarget = rankBy(target.found.map((chunk) => chunk.distance))
  const map = quantileMap(calibrationOf(both))
  const placed = new Map<ChunkId, Placed>()
  target.found.forEach((chunk, i) => {
    placed.set(chunk.chunkId, {
      chunk,
      score: scoreOf(target.model.distance, chunk.distance),
      distance: chunk.distance,
      models: { [target.model.modelName]: { rank: i + 1, distance: chunk.distance } },
    })
  })
  source.found.forEach((chunk, i) => {
    const mine = { [source.model.modelName]: { rank: i + 1, distance: chunk.distance } }
    const there = placed.get(chunk.chunkId)
    const distance = there?.distance ?? both.pairs.get(chunk.chunkId)?.target
    if (distance === undefined) {
      const score = map(scoreOf(source.model.distance, chunk.distance))
      placed.set(chunk.chunkId, { chunk, score, distance: chunk.distance, models: mine })
      return
    }
    const rank = there?.models[target.model.modelName]?.rank ?? rankInTarget(distance)
    placed.set(chunk.chunkId, {
      chunk,
      score: scoreOf(target.model.distance, distance),
      distance,
      models: { ...mine, [target.model.modelName]: { rank, distance } },
    })
  })
  return [...placed.values()]
    .sort((a, b) => b.score - a.score)
    .slice(0, topK)
    .map(({ chunk, ...place }, i) => ({ ...chunk, ...place, rank: i + 1 }))
}

/** For chunks that have both vectors: the sample's scores, and the best ones of either model's list. */
function calibrationOf({ source, target, pairs, calibration }: BothSpaces) {
  const sourceScore = (distance: number): number => scoreOf(source.model.distance, distance)
  const targetScore = (distance: number): number => scoreOf(target.model.distance, distance)
  return {
    sample: calibration.flatMap((id) => {
      const pair = pairs.get(id)
      return pair === undefined
        ? []
        : [{ source: sourceScore(pair.source), target: targetScore(pair.target) }]
    }),
    top: {
      source: source.found
        .filter((chunk) => pairs.has(chunk.chunkId))
        .map((chunk) => sourceScore(chunk.distance)),
      target: target.found.map((chunk) => targetScore(chunk.distance)),
    },
  }
}

/** The place, from 1, that a distance would have in an ascending list. */
function rankBy(distances: readonly number[]): (distance: number) => number {
  return (distance) => distances.filter((other) => other < distance).length + 1
}
