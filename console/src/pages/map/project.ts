import type { Sample } from '../../api/shapes.ts'
import type { ProjectReply, ProjectRequest } from './project-worker.ts'

/** A place for each chunk of a sample, x and y from -1 to 1. */
export interface Layout {
  readonly sample: Sample
  readonly points: readonly (readonly [number, number])[]
}

export function project(
  sample: Sample,
  { onProgress, signal }: { onProgress: (share: number) => void; signal: AbortSignal },
): Promise<Layout> {
  const worker = new Worker(new URL('./project-worker.ts', import.meta.url), { type: 'module' })
  return new Promise<Layout>((done, fail) => {
    signal.addEventListener('abort', () => fail(new DOMException('Another map was requested.', 'AbortError')))
    worker.onerror = () => fail(new Error('The map could not be computed.'))
    worker.onmessage = ({ data }: MessageEvent<ProjectReply>) => {
      if ('share' in data) onProgress(data.share)
      else done({ sample, points: normalised(data.points) })
    }
    const request: ProjectRequest = { vectors: floatsOf(sample.vectors), dimension: sample.dimension }
    worker.postMessage(request, [request.vectors.buffer])
  }).finally(() => worker.terminate())
}

/** Little-endian, as every machine that runs a browser is. */
function floatsOf(base64: string): Float32Array {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  return new Float32Array(bytes.buffer)
}

type Points = Layout['points']

/** Centres and scales the points so that most of them fill the map; outliers are drawn in to its edge. */
function normalised(flat: Float32Array): Points {
  const points = Array.from(
    { length: flat.length / 2 },
    (_, at) => [flat[at * 2] ?? 0, flat[at * 2 + 1] ?? 0] as const,
  )
  const middle = [middleOf(points.map(([x]) => x)), middleOf(points.map(([, y]) => y))] as const
  const centred = points.map(([x, y]) => [x - middle[0], y - middle[1]] as const)
  const far = Math.max(
    quantile(
      centred.map(([x, y]) => Math.hypot(x, y)),
      0.9,
    ),
    1e-9,
  )
  return centred.map(([x, y]) => {
    const distance = Math.hypot(x, y) / far
    const shown = (distance <= 1 ? distance : 1 + 0.1 * Math.tanh(distance - 1)) / 1.1
    const by = distance === 0 ? 0 : shown / distance / far
    return [x * by, y * by] as const
  })
}

const middleOf = (values: readonly number[]): number => (quantile(values, 0.03) + quantile(values, 0.97)) / 2

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.round(share * (sorted.length - 1))] ?? 0
}

/** Rotates and if needed mirrors a map so that its chunks are as near as possible to where another map has them. UMAP gives
 * a layout no orientation, so this loses nothing.
 */
export function turnedTowards(layout: Layout, other: Layout): Layout {
  const places = new Map(other.sample.chunks.map((chunk, at) => [chunk.chunk_id, other.points[at]] as const))
  const best = [1, -1]
    .map((mirror) => {
      let along = 0
      let across = 0
      for (const [at, chunk] of layout.sample.chunks.entries()) {
        const wanted = places.get(chunk.chunk_id)
        const point = layout.points[at]
        if (wanted === undefined || point === undefined) continue
        const x = point[0] * mirror
        along += x * wanted[0] + point[1] * wanted[1]
        across += x * wanted[1] - point[1] * wanted[0]
      }
      return { mirror, angle: Math.atan2(across, along), fit: Math.hypot(along, across) }
    })
    .toSorted((a, b) => b.fit - a.fit)[0]
  if (best === undefined) return layout
  const cos = Math.cos(best.angle)
  const sin = Math.sin(best.angle)
  return {
    sample: layout.sample,
    points: layout.points.map(([x, y]) => {
      const turned = x * best.mirror
      return [turned * cos - y * sin, turned * sin + y * cos] as const
    }),
  }
}
