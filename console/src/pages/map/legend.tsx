import { count } from '../../format.ts'
import type { Layout } from './project.ts'

export interface ColouredDocument {
  readonly id: string
  readonly title: string
  readonly chunks: number
  /** `--l0` … `--l7`; the ninth and further ones are grey. */
  readonly colour: string
}

/** The largest documents first; eight of them get a colour. */
export function documentsOf(layouts: readonly Layout[]): readonly ColouredDocument[] {
  const found = new Map<string, { title: string; chunks: number }>()
  for (const chunk of layouts[0]?.sample.chunks ?? []) {
    const entry = found.get(chunk.document_id) ?? { title: chunk.title, chunks: 0 }
    entry.chunks += 1
    found.set(chunk.document_id, entry)
  }
  // Neighbours in the legend are far apart in hue.
  const hues = [0, 4, 5, 7, 6, 3, 1, 2]
  return [...found]
    .toSorted(([, a], [, b]) => b.chunks - a.chunks)
    .map(([id, { title, chunks }], at) => ({
      id,
      title,
      chunks,
      colour: at < 8 ? `--l${hues[at]}` : '--faint',
    }))
}

export function Legend({
  documents,
  chosen,
  onChoose,
}: {
  documents: readonly ColouredDocument[]
  chosen: string | null
  onChoose: (id: string) => void
}) {
  return (
    <ul class="map-legend" aria-label="Documents">
      {documents.slice(0, 24).map((document) => (
        <li key={document.id}>
          <button type="button" aria-pressed={chosen === document.id} onClick={() => onChoose(document.id)}>
            <i aria-hidden="true" style={{ background: `var(${document.colour})` }} />
            {document.title}
            <span class="quiet">{count(document.chunks)}</span>
          </button>
        </li>
      ))}
      {documents.length > 24 && <li class="quiet">and {count(documents.length - 24)} more</li>}
    </ul>
  )
}
