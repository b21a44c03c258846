import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import type { Citation, Status } from '../../api/shapes.ts'
import { counted, milliseconds, percent } from '../../format.ts'
import { blocksOf, textOf } from '../../markdown/blocks.ts'
import { byName } from '../../models.ts'
import { Icon } from '../../parts/icon.tsx'
import { ModelName } from '../../parts/model-name.tsx'
import { Blocks } from '../../parts/prose.tsx'
import { Failure } from '../../parts/states.tsx'
import { CitedPassage } from './cited-passage.tsx'
import type { Question } from './question.ts'

export function AnswerView({ question, status }: { question: Question; status: Status }) {
  const opened = useSignal<number | null>(null)
  const done = question.done.value
  const running = question.running.value
  const citations = question.citations.value
  const text = question.answer.value
  const blocks = useMemo(() => blocksOf(text), [text])
  return (
    <li class="answer card" aria-busy={running}>
      <h2 dir="auto">{question.text}</h2>
      {question.problem.value !== null && <Failure problem={question.problem.value} />}
      {running && blocks.length === 0 && <p class="thinking">{waiting(question.passages.value)}</p>}
      {done !== null && !done.answered && (
        <p class="not-there">
          <Icon name="dash" /> The documents do not contain an answer.
        </p>
      )}
      {blocks.map((block, at) => {
        const markers = markersOf(textOf(block))
        const shown = citations.find((one) => one.marker === opened.value && markers.includes(one.marker))
        return (
          <div key={at} class="answer-text" data-running={running && at === blocks.length - 1}>
            <Blocks blocks={[block]} show={(text) => withMarkers(text, citations, opened)} />
            {shown !== undefined && (
              <CitedPassage
                citation={shown}
                onClose={() => {
                  opened.value = null
                }}
              />
            )}
          </div>
        )
      })}
      {citations.length > 0 && <Sources citations={citations} />}
      <p class="answer-foot quiet">
        {running ? (
          <button type="button" class="button small" onClick={question.stop}>
            Stop
          </button>
        ) : (
          done !== null && <Facts done={done} status={status} />
        )}
      </p>
    </li>
  )
}

function waiting(passages: number | null): string {
  return passages === null ? 'Searching for passages…' : `Reading ${counted(passages, 'passage')}…`
}

const marker = /\[(\d+)\]/g
const markersOf = (text: string): readonly number[] =>
  [...text.matchAll(marker)].map((found) => Number(found[1]))

/** `[1]` becomes a button if there is a citation 1. */
function withMarkers(
  text: string,
  citations: readonly Citation[],
  opened: { value: number | null },
): ComponentChildren {
  return text.split(/(\[\d+\])/).map((part, at) => {
    const found = /^\[(\d+)\]$/.exec(part)
    const citation = citations.find((one) => one.marker === Number(found?.[1]))
    if (found === null || citation === undefined) return part
    return (
      <button
        key={at}
        type="button"
        class="marker"
        aria-expanded={opened.value === citation.marker}
        aria-label={`Source ${citation.marker}: ${citation.title}`}
        onClick={() => {
          opened.value = opened.value === citation.marker ? null : citation.marker
        }}
      >
        {citation.marker}
      </button>
    )
  })
}

function Sources({ citations }: { citations: readonly Citation[] }) {
  const unique = citations.filter(
    (one, at) => citations.findIndex((other) => other.marker === one.marker) === at,
  )
  return (
    <ol class="cited" aria-label="Sources">
      {unique.map((citation) => (
        <li key={citation.marker}>
          <span class="rank">{citation.marker}</span>
          <span>
            {[citation.title, ...citation.heading_path.filter((heading) => heading !== citation.title)].join(
              ' › ',
            )}
            {citation.page !== null && `, page ${citation.page}`}
          </span>
        </li>
      ))}
    </ol>
  )
}

function Facts({ done, status }: { done: NonNullable<Question['done']['value']>; status: Status }) {
  const coverage = done.coverage[done.model] ?? 1
  return (
    <>
      <span>
        {done.mode === 'extractive'
          ? 'Sentences quoted from the documents'
          : `Written by ${done.language_model}`}
      </span>
      <span>
        found with <ModelName model={byName(status.models, done.model)} name={done.model} />
      </span>
      <span>{milliseconds(done.took_ms)}</span>
      {done.usage !== null && (
        <span>{counted(done.usage.input_tokens + done.usage.output_tokens, 'token')}</span>
      )}
      {done.removed_citations > 0 && (
        <span class="incomplete">{counted(done.removed_citations, 'invalid citation')} removed</span>
      )}
      {coverage < 1 && <span class="incomplete">Searched only {percent(coverage)} of the chunks.</span>}
    </>
  )
}
