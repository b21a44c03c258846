import type { Block } from './blocks.ts'
import type { Span } from './spans.ts'

const least = 20

/** About the first `most` characters of the visible text; null if there are no more than that. */
export function shortened(blocks: readonly Block[], most: number): readonly Block[] | null {
  if (lengthOf(blocks) <= most) return null
  let left = most
  const kept: Block[] = []
  const fitting = (spans: readonly Span[]): readonly Span[] => {
    const kept: Span[] = []
    for (const span of spans) {
      if (left <= 0) break
      const fits = span.text.length <= left
      kept.push(fits ? span : { ...span, text: `${span.text.slice(0, left).trimEnd()}…` })
      left -= span.text.length
    }
    return kept
  }
  for (const block of blocks) {
    // One or two words of another paragraph say nothing.
    if (left < (kept.length === 0 ? 1 : least)) return kept
    if (block.kind === 'table') {
      const rows = block.rows
        .map((one) => ({ ...one, cells: one.cells.map(fitting) }))
        .filter((one) => one.cells.some((cell) => cell.length > 0))
      kept.push({ ...block, rows })
    } else kept.push({ ...block, spans: fitting(block.spans) })
  }
  return kept
}

function lengthOf(blocks: readonly Block[]): number {
  const spans = blocks.flatMap((block) =>
    block.kind === 'table' ? block.rows.flatMap((row) => row.cells.flat()) : block.spans,
  )
  return spans.reduce((sum, { text }) => sum + text.length, 0)
}
