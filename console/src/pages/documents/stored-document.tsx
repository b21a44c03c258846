import { useSignal } from '@preact/signals'
import { get, request } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { DocumentEmbeddings, Status, StoredDocument } from '../../api/shapes.ts'
import { counted, date } from '../../format.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Loaded } from '../../parts/states.tsx'
import { goTo } from '../../route.ts'
import { kindOf } from './documents.tsx'
import { MarkedText } from './marked-text.tsx'
import { Matrix } from './matrix.tsx'

export function StoredDocumentPage({ id }: { id: string }) {
  const path = `/api/v1/documents/${encodeURIComponent(id)}`
  const stored = useResource(path, (signal) => get<StoredDocument>(path, signal))
  const embeddings = useResource(`${path}/embeddings`, (signal) =>
    get<DocumentEmbeddings>(`${path}/embeddings`, signal),
  )
  const status = useResource('status', (signal) => get<Status>('/api/v1/status', signal))
  const removing = useSignal(false)
  const lit = useSignal<string | null>(null)
  return (
    <>
      <p class="crumb">
        <a href="#/documents">
          <Icon name="back" size={14} /> All documents
        </a>
      </p>
      {stored.data.value === null && <h1 class="lone">Document</h1>}
      <Loaded of={stored} what="the document" rows={4}>
        {(document) => (
          <>
            <header class="page-head">
              <div>
                <h1 dir="auto">{document.title}</h1>
                <p>{factsOf(document)}</p>
              </div>
              <button
                type="button"
                class="button"
                onClick={() => {
                  removing.value = true
                }}
              >
                Remove
              </button>
            </header>
            <div class="document">
              <MarkedText document={document} lit={lit} />
              <aside aria-label="Models">
                <Loaded of={embeddings} what="its vectors" rows={2}>
                  {(known) => (
                    <Matrix
                      document={document}
                      embeddings={known}
                      models={status.data.value?.models ?? []}
                      path={path}
                      lit={lit}
                      reload={embeddings.reload}
                    />
                  )}
                </Loaded>
              </aside>
            </div>
            {removing.value && (
              <Confirm
                title="Remove this document?"
                yes="Remove document"
                danger
                act={remove}
                onClose={() => {
                  removing.value = false
                }}
              >
                <p>
                  This removes its {counted(document.chunks, 'chunk')} and their vectors in every model.
                  Searches stop finding it immediately.
                </p>
              </Confirm>
            )}
          </>
        )}
      </Loaded>
    </>
  )

  async function remove(): Promise<string> {
    await request('DELETE', path)
    goTo('documents')
    return 'The document was removed.'
  }
}

function factsOf({ media_type, chunks, chunk_list, updated_at, source }: StoredDocument): string {
  const tokens = chunk_list.reduce((sum, chunk) => sum + (chunk.token_count ?? 0), 0)
  return [
    kindOf(media_type),
    counted(chunks, 'chunk'),
    tokens > 0 ? counted(tokens, 'token') : '',
    updated_at === null ? '' : date(updated_at),
    source?.replace(/^upload:/, '') ?? '',
  ]
    .filter((part) => part !== '')
    .join(' · ')
}
