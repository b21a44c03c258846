import { signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { get } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { Status } from '../../api/shapes.ts'
import { searchable } from '../../models.ts'
import { Empty, Loaded } from '../../parts/states.tsx'
import { route } from '../../route.ts'
import { AnswerView } from './answer-view.tsx'
import { beginQuestion, type Question } from './question.ts'

/** Kept while the user visits other pages. */
const questions = signal<readonly Question[]>([])

export function Ask() {
  const status = useResource('status', (abort) => get<Status>('/api/v1/status', abort))
  return (
    <>
      <header class="page-head">
        <div>
          <h1>Ask</h1>
          <p>
            {status.data.value?.language_model == null
              ? 'Answers consist of the best-matching sentences of your documents, each with its source.'
              : `${status.data.value.language_model} answers from your documents only and cites the source of each sentence.`}
          </p>
        </div>
      </header>
      <Loaded of={status} what="the models">
        {(known) =>
          searchable(known.models).length === 0 ? (
            <Empty title="No documents to ask about yet">
              <p>Add documents first.</p>
              <a class="button primary" href="#/documents?add=yes">
                Add documents
              </a>
            </Empty>
          ) : (
            <Desk status={known} />
          )
        }
      </Loaded>
    </>
  )
}

function Desk({ status }: { status: Status }) {
  const text = useSignal('')
  const model = useSignal('')
  const box = useRef<HTMLTextAreaElement>(null)
  const models = searchable(status.models)

  useEffect(() => {
    const linked = route.peek().query.get('q')
    if (linked !== null && questions.peek()[0]?.text !== linked) begin(linked)
    box.current?.focus()
  }, [])

  return (
    <>
      <form
        class="ask-desk"
        onSubmit={(event) => {
          event.preventDefault()
          send()
        }}
      >
        <textarea
          ref={box}
          aria-label="Question"
          rows={2}
          placeholder="What do you want to know?"
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey) return
            event.preventDefault()
            send()
          }}
        />
        <div class="ask-line">
          <label class="inline-field">
            Search with
            <select
              value={model.value}
              onChange={(event) => {
                model.value = event.currentTarget.value
              }}
            >
              <option value="">current model</option>
              {models.map((one) => (
                <option key={one.id}>{one.model_name}</option>
              ))}
            </select>
          </label>
          <button type="submit" class="button primary" disabled={text.value.trim() === ''}>
            Ask
          </button>
        </div>
      </form>
      {questions.value.length === 0 && (
        <Empty title="No question yet">
          <p>Each sentence of an answer has a number. Select it to open the passage it comes from.</p>
        </Empty>
      )}
      <ol class="answers">
        {questions.value.map((question) => (
          <AnswerView key={question.id} question={question} status={status} />
        ))}
      </ol>
    </>
  )

  function send(): void {
    const question = text.value.trim()
    if (question === '') return
    begin(question)
    text.value = ''
  }

  function begin(question: string): void {
    questions.value = [
      beginQuestion(question, model.value === '' ? undefined : model.value),
      ...questions.peek(),
    ].slice(0, 20)
  }
}
