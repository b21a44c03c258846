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
        <Entry label="Title contains" value={values.value['title']} onSettled={set('title')} />
        <Entry label="Added on or after" type="date" value={values.value['after']} onSettled={set('after')} />
        <Entry label="Added before" type="date" value={values.value['before']} onSettled={set('before')} />
        <Entry label="Minimum score" type="number" value={values.value['score']} onSettled={set('score')} />
        <Entry
          label="Metadata contains"
          value={metadata}
          placeholder='{"lang": "en"}'
          wrong={wrong ? 'Not a JSON object: ignored.' : null}
          onSettled={set('metadata')}
        />
      </div>
    </details>
  )

  function set(name: string) {
    return (value: string) => {
      values.value = { ...values.value, [name]: value }
    }
  }
}

interface EntryProps {
  label: string
  type?: 'text' | 'date' | 'number'
  value: string | undefined
  /** Set where code is typed, not words. */
  placeholder?: string
  wrong?: string | null
  /** Called when the field is left or Enter is pressed, not at every key. */
  onSettled: (value: string) => void
}

/** Keeps what is being typed: the page is drawn again meanwhile (the models are polled). */
function Entry({ label, type = 'text', value = '', placeholder, wrong = null, onSettled }: EntryProps) {
  const typed = useSignal(value)
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type={type}
        value={typed.value}
        {...(type === 'number' ? { step: '0.05' } : {})}
        {...(placeholder === undefined ? {} : { class: 'mono', placeholder, spellcheck: false })}
        aria-invalid={wrong !== null}
        onInput={(event) => {
          typed.value = event.currentTarget.value
        }}
        onChange={(event) => onSettled(event.currentTarget.value)}
      />
      {wrong !== null && <small>{wrong}</small>}
    </label>
  )
}
