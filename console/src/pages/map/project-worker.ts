import { UMAP } from 'umap-js'

// Runs in a worker: arranging a thousand chunks takes seconds, and must not block the page.
export interface ProjectRequest {
  readonly vectors: Float32Array
  readonly dimension: number
}
export type ProjectReply = { readonly share: number } | { readonly points: Float32Array }

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ProjectRequest>) => void
  postMessage(reply: ProjectReply): void
}

scope.onmessage = ({ data }) => {
  const rows = unitRows(data)
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: Math.max(2, Math.min(15, rows.length - 1)),
    minDist: 0.15,
    spread: 1.2,
    random: seeded(7),
  })
  const epochs = umap.initializeFit(rows)
  for (let epoch = 1; epoch <= epochs; epoch++) {
    umap.step()
    if (epoch % 20 === 0) scope.postMessage({ share: epoch / epochs })
  }
  scope.postMessage({ points: Float32Array.from(umap.getEmbedding().flat()) })
}

/** Scaled to length 1, so that Euclidean distance orders them as cosine distance does. */
function unitRows({ vectors, dimension }: ProjectRequest): number[][] {
  return Array.from({ length: vectors.length / dimension }, (_, row) => {
    const part = vectors.subarray(row * dimension, (row + 1) * dimension)
    const length = Math.sqrt(part.reduce((sum, value) => sum + value * value, 0)) || 1
    return Array.from(part, (value) => value / length)
  })
}

/** Seeded, so that the map is the same each time it is drawn. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
