import { linkTo } from '../route.ts'

/** Where a passage is: document, headings, page. */
export function Place({
  documentId,
  chunkId,
  title,
  headings = [],
  page,
}: {
  documentId: string
  chunkId?: string
  title: string
  headings?: readonly string[]
  page?: number | null
}) {
  // The first heading often repeats the title.
  const further = headings.filter((heading) => heading !== title)
  return (
    <span class="place">
      <a href={linkTo(`documents/${encodeURIComponent(documentId)}`, { chunk: chunkId })} dir="auto">
        {title}
      </a>
      {further.map((heading, at) => (
        <span key={at} class="place-part">
          <bdi>{heading}</bdi>
        </span>
      ))}
      {page != null && <span class="place-part">page {page}</span>}
    </span>
  )
}
