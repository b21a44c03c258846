import type { ColouredDocument } from './legend.tsx'
import type { Layout } from './project.ts'

/** Of the canvas, in pixels. */
const margin = 18

/** The direction of each arrow key. */
export const ways: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/** The nearest point in a direction; distance across it counts double. */
export function nextPoint({ points }: Layout, here: number, [dx, dy]: readonly [number, number]): number {
  const from = points[here] ?? [0, 0]
  let best = Number.POSITIVE_INFINITY
  let found = here
  for (const [at, [x, y]] of points.entries()) {
    const along = (x - from[0]) * dx + (y - from[1]) * dy
    if (at === here || along <= 0) continue
    const aside = Math.abs((x - from[0]) * dy) + Math.abs((y - from[1]) * dx)
    if (along + aside * 2 < best) [best, found] = [along + aside * 2, at]
  }
  return found
}

/** Positions of the points on a canvas of that size. */
export function spotsOf(
  { points }: Layout,
  width: number,
  height: number,
): readonly (readonly [number, number])[] {
  const reach = Math.min(width, height) / 2 - margin
  return points.map(([x, y]) => [width / 2 + x * reach, height / 2 + y * reach] as const)
}

export function paint(
  canvas: HTMLCanvasElement,
  layout: Layout,
  documents: readonly ColouredDocument[],
  { pointed, picked, document }: { pointed: string | null; picked: string | null; document: string | null },
): void {
  const { clientWidth: width, clientHeight: height } = canvas
  const ratio = devicePixelRatio
  canvas.width = width * ratio
  canvas.height = height * ratio
  const pen = canvas.getContext('2d')
  if (pen === null) return
  const style = getComputedStyle(canvas)
  const ink = style.getPropertyValue('--ink')
  const ground = style.getPropertyValue('--surface')
  const colours = new Map(documents.map(({ id, colour }) => [id, style.getPropertyValue(colour)]))
  const size = Math.max(3.5, Math.min(7, width / Math.sqrt(layout.points.length) / 6))
  pen.scale(ratio, ratio)
  for (const [at, [x, y]] of spotsOf(layout, width, height).entries()) {
    const chunk = layout.sample.chunks[at]
    if (chunk === undefined) continue
    const marked = chunk.chunk_id === pointed || chunk.chunk_id === picked
    pen.globalAlpha = marked ? 1 : document === null ? 0.82 : chunk.document_id === document ? 1 : 0.14
    pen.fillStyle = colours.get(chunk.document_id) ?? ink
    pen.beginPath()
    pen.arc(x, y, marked ? size + 3.5 : size, 0, Math.PI * 2)
    pen.fill()
    pen.lineWidth = marked ? 2.5 : 1
    pen.strokeStyle = marked ? ink : ground
    pen.stroke()
  }
}
