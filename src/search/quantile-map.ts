/** The two scores of one chunk for one query. */
export interface ScorePair {
  readonly source: number
  readonly target: number
}

export interface Calibration {
  /** Random chunks that have a vector of both models. */
  readonly sample: readonly ScorePair[]
  /**
   * The best scores of chunks that have both vectors, in each model's own order: equally many of both. In a
   * large corpus hardly any sample chunk is near the query; these are.
   */
  readonly top: { readonly source: readonly number[]; readonly target: readonly number[] }
}

/**
 * The target score that corresponds to a source score, for one query: the score that an equal share of the
 * chunks with both vectors exceeds. Ascending; beyond the observed scores it is a straight line, whose slope is
 * how much wider the target's scores are spread than the source's.
 */
export function quantileMap({ sample, top }: Calibration): (sourceScore: number) => number {
  const knots = ascendingKnots(sample, top)
  const slope = slopeOf(sample)
  return (score) => {
    const first = knots[0]
    const last = knots.at(-1)
    if (first === undefined || last === undefined) return score
    if (score <= first.source) return first.target + slope * (score - first.source)
    if (score >= last.source) return last.target + slope * (score - last.source)
    return between(knots, score)
  }
}

function ascendingKnots(sample: readonly ScorePair[], top: Calibration['top']): readonly ScorePair[] {
  const ranked = Math.min(top.source.length, top.target.length)
  const sourceTop = descending(top.source).slice(0, ranked)
  const targetTop = descending(top.target).slice(0, ranked)
  const leastSource = sourceTop.at(-1) ?? Number.POSITIVE_INFINITY
  const leastTarget = targetTop.at(-1) ?? Number.POSITIVE_INFINITY
  // The sample comes below the top; equally many of it are left out on both sides.
  const sourceBody = descending(sample.map((pair) => pair.source)).filter((score) => score < leastSource)
  const skipped = sample.length - sourceBody.length
  const targetBody = descending(sample.map((pair) => pair.target))
    .slice(skipped)
    .map((score) => Math.min(score, leastTarget))
  const sources = [...sourceTop, ...sourceBody]
  const targets = [...targetTop, ...targetBody]
  return sources.map((source, i) => ({ source, target: targets[i] ?? source })).reverse()
}

/** Knots must enclose the score. */
function between(knots: readonly ScorePair[], score: number): number {
  let low = 0
  let high = knots.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((knots[middle]?.source ?? 0) <= score) low = middle
    else high = middle
  }
  const below = knots[low]
  const above = knots[high]
  if (below === undefined || above === undefined) return score
  const width = above.source - below.source
  const share = width > 0 ? (score - below.source) / width : 0
  return below.target + share * (above.target - below.target)
}

function slopeOf(sample: readonly ScorePair[]): number {
  const source = deviation(sample.map((pair) => pair.source))
  return source > 0 ? deviation(sample.map((pair) => pair.target)) / source : 0
}

function deviation(values: readonly number[]): number {
  if (values.length === 0) return 0
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

function descending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => b - a)
}
