import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type Problem, problemOf } from '../../api/request.ts'
import type { IngestReport } from '../../api/shapes.ts'
import { upload } from '../../api/upload.ts'
import { count, counted, percent } from '../../format.ts'
import { announce } from '../../parts/announce.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Failure } from '../../parts/states.tsx'
import { linkTo, route } from '../../route.ts'

/** Uploads dropped or chosen files; shows the progress and the result of each file. */
export function Upload({ onDone }: { onDone: () => void }) {
  const over = useSignal(false)
  const sent = useSignal<number | null>(null)
  const names = useSignal('')
  const report = useSignal<IngestReport | null>(null)
  const problem = useSignal<Problem | null>(null)
  const chooser = useRef<HTMLInputElement>(null)
  const stop = useRef(new AbortController())

  useEffect(() => {
    if (route.peek().query.get('add') === 'yes') chooser.current?.focus()
    return () => stop.current.abort()
  }, [])

  return (
    <section class="upload" aria-label="Add documents">
      <label
        class="drop"
        data-over={over.value}
        onDragOver={(event) => {
          event.preventDefault()
          over.value = true
        }}
        onDragLeave={() => {
          over.value = false
        }}
        onDrop={(event) => {
          event.preventDefault()
          over.value = false
          void send([...(event.dataTransfer?.files ?? [])])
        }}
      >
        <Icon name="upload" size={24} />
        <span>
          <strong>Drop files here</strong> or choose them
        </span>
        <input
          ref={chooser}
          type="file"
          multiple
          accept=".pdf,.docx,.md,.markdown,.html,.htm,.txt"
          disabled={sent.value !== null}
          onChange={(event) => {
            const files = [...(event.currentTarget.files ?? [])]
            event.currentTarget.value = ''
            void send(files)
          }}
        />
      </label>
      {sent.value !== null && (
        <div class="sending">
          <p>
            {sent.value < 1
              ? `Sending ${names.value}: ${percent(sent.value)}`
              : `Reading and embedding ${names.value}…`}
            <button type="button" class="text-button" onClick={() => stop.current.abort()}>
              Stop
            </button>
          </p>
          <progress max={1} {...(sent.value < 1 ? { value: sent.value } : {})} aria-label="Upload" />
        </div>
      )}
      {problem.value !== null && <Failure problem={problem.value} />}
      {report.value !== null && <Report report={report.value} />}
    </section>
  )

  async function send(files: readonly File[]): Promise<void> {
    if (files.length === 0 || sent.value !== null) return
    stop.current = new AbortController()
    names.value = files.length === 1 ? (files[0]?.name ?? '') : counted(files.length, 'file')
    report.value = null
    problem.value = null
    sent.value = 0
    try {
      const done = await upload(files, {
        signal: stop.current.signal,
        onSent: (share) => {
          sent.value = share
        },
      })
      report.value = done
      announce(
        `${counted(done.documents, 'document')} added or changed, ${count(done.failed.length)} failed.`,
      )
      onDone()
    } catch (error) {
      if (!stop.current.signal.aborted) problem.value = problemOf(error)
    }
    sent.value = null
  }
}

const outcomes = {
  added: 'added',
  changed: 'changed',
  unchanged: 'is unchanged',
  failed: 'failed',
} as const

function Report({ report }: { report: IngestReport }) {
  return (
    <ul class="report" aria-label="Results of the upload">
      {report.files.map((file) => {
        const failure = report.failed.find((one) => one.path === file.path)
        return (
          <li key={file.path} data-outcome={file.outcome}>
            <Icon name={file.outcome === 'failed' ? 'cross' : 'check'} />
            <span>
              {file.id === null ? (
                file.path
              ) : (
                <a href={linkTo(`documents/${encodeURIComponent(file.id)}`)}>{file.path}</a>
              )}{' '}
              {outcomes[file.outcome]}
              {file.outcome !== 'failed' && `, ${counted(file.chunks, 'chunk')}`}
              {failure !== undefined && <span class="quiet"> {failure.message}</span>}
            </span>
          </li>
        )
      })}
    </ul>
  )
}
