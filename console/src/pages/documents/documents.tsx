import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { useFurtherPages } from '../../api/pages.ts'
import { get } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { DocumentPage, DocumentSummary } from '../../api/shapes.ts'
import { count, date } from '../../format.ts'
import { Empty, Loaded } from '../../parts/states.tsx'
import { More, Table } from '../../parts/table.tsx'
import { linkTo, noteInAddress, route } from '../../route.ts'
import { Upload } from './upload.tsx'

export function Documents() {
  const text = useSignal(route.peek().query.get('q') ?? '')
  const sought = useSignal(text.peek())
  const first = useResource(`documents ${sought.value}`, (signal) => page(sought.value, undefined, signal))
  const further = useFurtherPages(first.data.value?.next, async (after) => {
    const { documents, next } = await page(sought.value, after)
    return { items: documents, next }
  })

  useEffect(() => {
    const timer = setTimeout(() => {
      sought.value = text.value.trim()
    }, 250)
    return () => clearTimeout(timer)
  }, [text.value, sought])
  useEffect(() => noteInAddress('documents', { q: sought.value }), [sought.value])

  return (
    <>
      <header class="page-head">
        <div>
          <h1>Documents</h1>
          <p>
            PDF, Word, Markdown, HTML and plain text. Each document is split into chunks and embedded with
            every model that is kept in sync.
          </p>
        </div>
      </header>
      <Upload onDone={() => void first.reload()} />
      <div class="list-head">
        <label class="field">
          <span class="unseen">Title or source contains</span>
          <input
            type="search"
            placeholder="Title or source contains…"
            value={text.value}
            onInput={(event) => {
              text.value = event.currentTarget.value
            }}
          />
        </label>
      </div>
      <Loaded of={first} what="documents" rows={4}>
        {(known) =>
          known.documents.length === 0 ? (
            <Empty title={sought.value === '' ? 'No documents yet' : 'No matching documents'}>
              <p>
                {sought.value === ''
                  ? 'Drop files above, or choose them.'
                  : 'This field searches titles and sources, not the text.'}
              </p>
            </Empty>
          ) : (
            <>
              <List documents={[...known.documents, ...further.items.value]} />
              <More pages={further} what="documents" />
            </>
          )
        }
      </Loaded>
    </>
  )
}

function page(query: string, after: string | undefined, signal?: AbortSignal): Promise<DocumentPage> {
  const parameters = new URLSearchParams({
    limit: '50',
    ...(query === '' ? {} : { q: query }),
    ...(after === undefined ? {} : { after }),
  })
  return get<DocumentPage>(`/api/v1/documents?${parameters}`, signal)
}

function List({ documents }: { documents: readonly DocumentSummary[] }) {
  return (
    <div class="card list">
      <Table columns={columns}>
        {documents.map((document) => (
          <tr key={document.id}>
            <td>
              <a
                class="document-title"
                dir="auto"
                href={linkTo(`documents/${encodeURIComponent(document.id)}`)}
              >
                {document.title}
              </a>
              {document.source !== null && (
                <span class="quiet source">{document.source.replace(/^upload:/, '')}</span>
              )}
            </td>
            <td class="spare">{kindOf(document.media_type)}</td>
            <td class="number">{count(document.chunks)}</td>
            <td class="spare when">{document.updated_at === null ? '–' : date(document.updated_at)}</td>
          </tr>
        ))}
      </Table>
    </div>
  )
}

const columns = [
  { name: 'Title' },
  { name: 'Type', spare: true },
  { name: 'Chunks', number: true },
  { name: 'Updated', spare: true },
] as const

const kinds: Readonly<Record<string, string>> = {
  'application/pdf': 'PDF',
  'text/markdown': 'Markdown',
  'text/html': 'HTML',
  'text/plain': 'Text',
}

export function kindOf(mediaType: string | null): string {
  if (mediaType === null) return '–'
  return kinds[mediaType] ?? (mediaType.includes('wordprocessing') ? 'Word' : mediaType)
}
