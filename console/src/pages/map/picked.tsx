import { get } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { Sample, StoredDocument } from '../../api/shapes.ts'
import { Icon } from '../../parts/icon.tsx'
import { Place } from '../../parts/passage.tsx'
import { Prose } from '../../parts/prose.tsx'
import { Loaded } from '../../parts/states.tsx'

export type ChunkPlace = Sample['chunks'][number]

/** The passage behind a point. */
export function Picked({ chunk, onClose }: { chunk: ChunkPlace; onClose: () => void }) {
  const path = `/api/v1/documents/${encodeURIComponent(chunk.document_id)}`
  const stored = useResource(path, (signal) => get<StoredDocument>(path, signal))
  return (
    <aside class="card picked" aria-label="Selected passage">
      <Loaded of={stored} what="the passage" rows={1}>
        {(document) => {
          const passage = document.chunk_list.find((one) => one.id === chunk.chunk_id)
          return (
            <>
              <div class="card-head">
                <Place
                  documentId={document.id}
                  chunkId={chunk.chunk_id}
                  title={document.title}
                  headings={passage?.heading_path ?? []}
                  page={passage?.page ?? null}
                />
                <button type="button" class="plain" aria-label="Close the passage" onClick={onClose}>
                  <Icon name="cross" size={16} />
                </button>
              </div>
              <Prose text={passage?.content ?? 'This chunk no longer exists.'} />
            </>
          )
        }}
      </Loaded>
    </aside>
  )
}
