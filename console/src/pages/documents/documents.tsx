import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { get, type Problem, problemOf } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { DocumentPage, DocumentSummary } from '../../api/shapes.ts'
import { count, date } from '../../format.ts'
import { Empty, Failure, Loaded } from '../../parts/states.tsx'
import { linkTo, noteInAddress, route } from '../../route.ts'
import { Upload } from './upload.tsx'

export function Documents() {
  const asked = route.peek().query
  const text = useSignal(asked.get('q') ?? '')
  const sought = useSignal(text.peek())
  const first = useResource(`documents ${sought.value}`, (signal) => page(sought.value, undefined, signal))
  const more = useMore(sought.value, first.data.value)

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
            PDF, Word, Markdown, HTML and plain text. Each is cut into chunks and embedded for every written
            model.
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
            <Empty title={sought.value === '' ? 'There are no documents yet' : 'None of this name'}>
              <p>
                {sought.value === ''
                  ? 'Drop files above, or choose them.'
                  : 'Title and source are looked at, not the text.'}
              </p>
            </Empty>
          ) : (
            <>
              <List documents={[...known.documents, ...more.documents.value]} />
              {more.problem.value !== null && <Failure problem={more.problem.value} />}
              {more.next.value !== null && (
                <p class="more">
                  <button
                    type="button"
                    class="button"
                    disabled={more.busy.value}
                    onClick={() => void more.load()}
                  >
                    {more.busy.value ? 'Loading…' : 'More documents'}
                  </button>
                </p>
              )}
            </>
          )
        }
      </Loaded>
    </>
  )
}

function page(query: string, after: string | undefined, signal?: AbortSignal): Promise<DocumentPage> {
  const given = new URLSearchParams({
    limit: '50',
    ...(query === '' ? {} : { q: query }),
    ...(after === undefined ? {} : { after }),
  })
  return get<DocumentPage>(`/api/v1/documents?${given}`, signal)
}

/** The pages after the first. */
function useMore(query: string, first: DocumentPage | null) {
  const documents = useSignal<readonly DocumentSummary[]>([])
  const next = useSignal<string | null>(null)
  const busy = useSignal(false)
  const problem = useSignal<Problem | null>(null)
  const turn = useRef(0)
  useEffect(() => {
    turn.current += 1
    documents.value = []
    next.value = first?.next ?? null
    problem.value = null
    busy.value = false
  }, [first, documents, next, problem, busy])
  return { documents, next, busy, problem, load }

  async function load(): Promise<void> {
    const mine = turn.current
    busy.value = true
    try {
      const loaded = await page(query, next.value ?? undefined)
      if (turn.current !== mine) return
      documents.value = [...documents.value, ...loaded.documents]
      next.value = loaded.next
      problem.value = null
    } catch (error) {
      problem.value = problemOf(error)
    }
    busy.value = false
  }
}

function List({ documents }: { documents: readonly DocumentSummary[] }) {
  return (
    <div class="card scroll list">
      <table>
        <thead>
          <tr>
            <th scope="col">Title</th>
            <th scope="col">Kind</th>
            <th scope="col" class="number">
              Chunks
            </th>
            <th scope="col">Changed</th>
          </tr>
        </thead>
        <tbody>
          {documents.map((document) => (
            <tr key={document.id}>
              <td>
                <a class="document-title" href={linkTo(`documents/${encodeURIComponent(document.id)}`)}>
                  {document.title}
                </a>
                {document.source !== null && (
                  <span class="quiet source">{document.source.replace(/^upload:/, '')}</span>
                )}
              </td>
              <td>{kindOf(document.media_type)}</td>
              <td class="number">{count(document.chunks)}</td>
              <td>{document.updated_at === null ? '–' : date(document.updated_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

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
