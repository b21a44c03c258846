import { get } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { Citation, StoredDocument } from '../../api/shapes.ts'
import { Icon } from '../../parts/icon.tsx'
import { Place } from '../../parts/passage.tsx'

/** The passage in place, with the quoted part marked; the quote alone until the document is there. */
export function CitedPassage({ citation, onClose }: { citation: Citation; onClose: () => void }) {
  const path = `/api/v1/documents/${encodeURIComponent(citation.document_id)}`
  const stored = useResource(path, (signal) => get<StoredDocument>(path, signal))
  const chunk = stored.data.value?.chunk_list.find((one) => one.id === citation.chunk_id)
  const at = chunk === undefined ? -1 : chunk.content.indexOf(citation.quote)
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
      <p class="passage">
        {chunk === undefined || at < 0 ? (
          <mark>{citation.quote}</mark>
        ) : (
          <>
            {chunk.content.slice(0, at)}
            <mark>{citation.quote}</mark>
            {chunk.content.slice(at + citation.quote.length)}
          </>
        )}
      </p>
    </aside>
  )
}
