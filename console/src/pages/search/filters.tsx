import type { Signal } from '@preact/signals'
import { useSignal } from '@preact/signals'
import type { Filter, SearchRequest } from '../../api/shapes.ts'

type Given = Readonly<Record<string, string>>

/** What a search is narrowed to, from what is in the form; metadata that is not JSON yet is left out. */
export function filterOf(given: Given): Pick<SearchRequest, 'filter' | 'min_score'> {
  const filter: Filter = {
    ...(given['title'] ? { title: given['title'] } : {}),
    ...(given['after'] ? { created_after: `${given['after']}T00:00:00Z` } : {}),
    ...(given['before'] ? { created_before: `${given['before']}T00:00:00Z` } : {}),
    ...metadataOf(given['metadata'] ?? ''),
  }
  return {
    ...(Object.keys(filter).length === 0 ? {} : { filter }),
    ...(given['score'] ? { min_score: Number(given['score']) } : {}),
  }
}

function metadataOf(text: string): Pick<Filter, 'metadata'> {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { metadata: value as Record<string, unknown> } : {}
  } catch {
    return {}
  }
}

export function Filters({ given }: { given: Signal<Given> }) {
  const opened = useSignal(false)
  const metadata = given.value['metadata'] ?? ''
  const wrong = metadata.trim() !== '' && metadataOf(metadata).metadata === undefined
  const active = Object.values(given.value).filter((value) => value !== '').length
  return (
    <details
      class="filters"
      open={opened.value}
      onToggle={(event) => {
        opened.value = event.currentTarget.open
      }}
    >
      <summary>{active === 0 ? 'Narrow it down' : `Narrowed down by ${active}`}</summary>
      <div class="fields">
        <label class="field">
          <span>Title contains</span>
          <input type="text" value={given.value['title'] ?? ''} onChange={set('title')} />
        </label>
        <label class="field">
          <span>Added at or after</span>
          <input type="date" value={given.value['after'] ?? ''} onChange={set('after')} />
        </label>
        <label class="field">
          <span>Added before</span>
          <input type="date" value={given.value['before'] ?? ''} onChange={set('before')} />
        </label>
        <label class="field">
          <span>Score at least</span>
          <input type="number" step="0.05" value={given.value['score'] ?? ''} onChange={set('score')} />
        </label>
        <label class="field">
          <span>Metadata contains</span>
          <input
            type="text"
            class="mono"
            placeholder='{"lang": "en"}'
            spellcheck={false}
            aria-invalid={wrong}
            value={metadata}
            onChange={set('metadata')}
          />
          {wrong && <small>Not a JSON object, so it is left out.</small>}
        </label>
      </div>
    </details>
  )

  function set(name: string) {
    return (event: Event & { currentTarget: HTMLInputElement }) => {
      given.value = { ...given.value, [name]: event.currentTarget.value }
    }
  }
}
