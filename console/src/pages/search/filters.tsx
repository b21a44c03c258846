import type { Signal } from '@preact/signals'
import { useSignal } from '@preact/signals'
import type { Filter, SearchRequest } from '../../api/shapes.ts'

type Values = Readonly<Record<string, string>>

/** The filter that the form describes; metadata that is not valid JSON yet is left out. */
export function filterOf(values: Values): Pick<SearchRequest, 'filter' | 'min_score'> {
  const filter: Filter = {
    ...(values['title'] ? { title: values['title'] } : {}),
    ...(values['after'] ? { created_after: `${values['after']}T00:00:00Z` } : {}),
    ...(values['before'] ? { created_before: `${values['before']}T00:00:00Z` } : {}),
    ...metadataOf(values['metadata'] ?? ''),
  }
  return {
    ...(Object.keys(filter).length === 0 ? {} : { filter }),
    ...(values['score'] ? { min_score: Number(values['score']) } : {}),
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

export function Filters({ values }: { values: Signal<Values> }) {
  const opened = useSignal(false)
  const metadata = values.value['metadata'] ?? ''
  const wrong = metadata.trim() !== '' && metadataOf(metadata).metadata === undefined
  const active = Object.values(values.value).filter((value) => value !== '').length
  return (
    <details
      class="filters"
      open={opened.value}
      onToggle={(event) => {
        opened.value = event.currentTarget.open
      }}
    >
      <summary>{active === 0 ? 'Filters' : `Filters (${active})`}</summary>
      <div class="fields">
        <label class="field">
          <span>Title contains</span>
          <input type="text" value={values.value['title'] ?? ''} onChange={set('title')} />
        </label>
        <label class="field">
          <span>Added on or after</span>
          <input type="date" value={values.value['after'] ?? ''} onChange={set('after')} />
        </label>
        <label class="field">
          <span>Added before</span>
          <input type="date" value={values.value['before'] ?? ''} onChange={set('before')} />
        </label>
        <label class="field">
          <span>Minimum score</span>
          <input type="number" step="0.05" value={values.value['score'] ?? ''} onChange={set('score')} />
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
          {wrong && <small>Not a JSON object: ignored.</small>}
        </label>
      </div>
    </details>
  )

  function set(name: string) {
    return (event: Event & { currentTarget: HTMLInputElement }) => {
      values.value = { ...values.value, [name]: event.currentTarget.value }
    }
  }
}
