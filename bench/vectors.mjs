// Synthetic vectors that behave like embeddings: clusters of uneven size on the unit sphere, spread along few
// directions (real embeddings have a low intrinsic dimension), with a little noise in all. Seeded: the same
// seed gives the same vectors on every machine.

const directions = 24
const spread = 0.55
const noise = 0.25

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
  const gaussian = () => Float32Array.from({ length: dimension }, () => normal(next))
  const basis = Array.from({ length: directions }, () => normalised(gaussian()))
  const centres = Array.from({ length: 256 }, () => normalised(gaussian()))
  const each = (noise * Math.sqrt(12)) / Math.sqrt(dimension)
  return {
    dimension,
    sample(count, sampleSeed) {
      const draw = random(sampleSeed * 104729 + dimension)
      return Array.from({ length: count }, () => {
        // Squaring makes some clusters much larger than others.
        const vector = centres[Math.floor(draw() ** 2 * centres.length)].slice()
        for (const direction of basis) {
          add(vector, direction, ((2 * spread) / Math.sqrt(directions)) * normal(draw))
        }
        for (let i = 0; i < dimension; i++) vector[i] += (draw() - 0.5) * each
        return normalised(vector)
      })
    },
  }
}

function add(vector, direction, weight) {
  for (let i = 0; i < vector.length; i++) vector[i] += weight * direction[i]
}

function dotProduct(a, b) {
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
