import { get } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { Chunk, Citation, StoredDocument } from '../../api/shapes.ts'
import { Icon } from '../../parts/icon.tsx'
import { Place } from '../../parts/passage.tsx'
import { Prose, type Stretch } from '../../parts/prose.tsx'

/** The cited passage with the quote highlighted; only the quote until the document is loaded. */
export function CitedPassage({ citation, onClose }: { citation: Citation; onClose: () => void }) {
  const path = `/api/v1/documents/${encodeURIComponent(citation.document_id)}`
  const stored = useResource(path, (signal) => get<StoredDocument>(path, signal))
  const chunk = stored.data.value?.chunk_list.find((one) => one.id === citation.chunk_id)
  const marked = chunk === undefined ? null : stretchOf(citation, chunk)
  return (
    <aside class="cited-passage" aria-label={`Source ${citation.marker}`}>
      <header>
        <Place
          documentId={citation.document_id}
          chunkId={citation.chunk_id}
          title={citation.title}
          headings={citation.heading_path}
          page={citation.page}
        />
        <button type="button" class="plain" aria-label="Close the passage" onClick={onClose}>
          <Icon name="cross" size={16} />
        </button>
      </header>
      {chunk === undefined || marked === null ? (
        <Prose text={citation.quote} marked={{ from: 0, to: citation.quote.length }} />
      ) : (
        <Prose text={chunk.content} marked={marked} />
      )}
    </aside>
  )
}

/** Where the quote is in its chunk: by its offsets, or by its text if the offsets do not match. */
function stretchOf({ quote, start_offset: start }: Citation, chunk: Chunk): Stretch | null {
  const offset = start === null || chunk.start_offset === null ? -1 : start - chunk.start_offset
  const from = chunk.content.startsWith(quote, offset) && offset >= 0 ? offset : chunk.content.indexOf(quote)
  return from < 0 ? null : { from, to: from + quote.length }
}
