import { get } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { Chunk, Citation, StoredDocument } from '../../api/shapes.ts'
import { Icon } from '../../parts/icon.tsx'
import { Place } from '../../parts/passage.tsx'
import { Prose, type Stretch } from '../../parts/prose.tsx'

/** The passage in place, with the quoted part marked; the quote alone until the document is there. */
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

/** Where the quote stands in its chunk: by its offsets; by its words where they say something else. */
function stretchOf({ quote, start_offset: start }: Citation, chunk: Chunk): Stretch | null {
  const told = start === null || chunk.start_offset === null ? -1 : start - chunk.start_offset
  const from = chunk.content.startsWith(quote, told) && told >= 0 ? told : chunk.content.indexOf(quote)
  return from < 0 ? null : { from, to: from + quote.length }
}
