// Synthetic vectors that behave like embeddings of text: a tree of topics of uneven size, around a common centre, spread
// along few directions with a little noise in all. How similar any two are, how near the nearest ten and hundred lie, and the
// local intrinsic dimension are those of real embeddings: `node bench/resemblance.mjs FILE DIMENSION` compares. Seeded: the
// same seed gives the same vectors on every machine.

const directions = 64
/** Each topic has so many narrower ones; squaring a random number makes some of them much larger than others. */
const branches = 24
/** How far the topics of each level, then a vector of its own, lie from what is above them. */
const spread = { centre: 0.48, levels: [0.45, 0.35, 0.28], own: 0.36, noise: 0.22 }

/** mulberry32: 32 bits of state are plenty for noise. */
export function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Near enough to a normal distribution, of variance 1: three uniforms. */
const normal = (next) => (next() + next() + next() - 1.5) * 2

/**
 * A space of `dimension`: `sample(count, seed)` gives that many unit vectors of it. Documents and queries are
 * samples with different seeds.
 */
export function vectorSpace(dimension, seed = 1) {
  const next = random(seed * 7919 + dimension)
  const direction = () => normalised(Float32Array.from({ length: dimension }, () => normal(next)))
  const centre = direction()
  const basis = Array.from({ length: directions }, direction)
  // The first directions carry more than the last ones, as the principal components of embeddings do.
  const weights = normalised(Float32Array.from(basis, (_, i) => (i + 1) ** -0.25))
  const around = (draw) => weights.map((weight) => weight * normal(draw))
  const topics = new Map()
  const topic = (path) => {
    const known = topics.get(path) ?? around(random(path * 2654435761 + seed))
    topics.set(path, known)
    return known
  }
  const each = (spread.noise * Math.sqrt(12)) / Math.sqrt(dimension)
  return {
    dimension,
    sample(count, sampleSeed) {
      const draw = random(sampleSeed * 104729 + dimension)
      return Array.from({ length: count }, () => {
        const place = new Float32Array(directions)
        let path = 1
        for (const distance of spread.levels) {
          path = path * branches + Math.floor(draw() ** 2 * branches)
          add(place, topic(path), distance)
        }
        add(place, around(draw), spread.own)
        const vector = centre.map((value) => value * spread.centre + (draw() - 0.5) * each)
        basis.forEach((one, i) => {
          add(vector, one, place[i])
        })
        return normalised(vector)
      })
    },
  }
}

function add(vector, direction, weight) {
  for (let i = 0; i < vector.length; i++) vector[i] += weight * direction[i]
}

export function dotProduct(a, b) {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

function normalised(vector) {
  const scale = 1 / Math.sqrt(dotProduct(vector, vector))
  for (let i = 0; i < vector.length; i++) vector[i] *= scale
  return vector
}

/** Indexes of the `k` vectors nearest to `query` by cosine, computed one by one: what recall is measured by. */
export function exactNearest(vectors, query, k) {
  const best = []
  vectors.forEach((vector, index) => {
    const dot = dotProduct(vector, query)
    if (best.length === k && dot <= best[k - 1].dot) return
    const at = best.findIndex((other) => other.dot < dot)
    best.splice(at < 0 ? best.length : at, 0, { index, dot })
    if (best.length > k) best.pop()
  })
  return best.map(({ index }) => index)
}
