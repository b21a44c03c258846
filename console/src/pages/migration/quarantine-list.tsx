import { useSignal } from '@preact/signals'
import { useFurtherPages } from '../../api/pages.ts'
import { get, type Problem, post, problemOf } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { MigrationStatus, Quarantine } from '../../api/shapes.ts'
import { count, counted } from '../../format.ts'
import { announce } from '../../parts/announce.tsx'
import { Failure, Loaded } from '../../parts/states.tsx'
import { More, Table } from '../../parts/table.tsx'

const columns = [{ name: 'Chunk' }, { name: 'Reason' }, { name: 'Attempts', number: true }] as const

/** Chunks that the target cannot embed, with the reason, and a button to retry. */
export function QuarantineList({
  path,
  move,
  reload,
}: {
  path: string
  move: MigrationStatus
  reload: () => Promise<void>
}) {
  const chunks = useResource(`${path} ${move.quarantined_chunks}`, (signal) =>
    get<Quarantine>(`${path}/quarantine?limit=20`, signal),
  )
  const further = useFurtherPages(chunks.data.value?.next, async (after) => {
    const page = await get<Quarantine>(`${path}/quarantine?limit=100&after=${encodeURIComponent(after)}`)
    return { items: page.chunks, next: page.next }
  })
  const problem = useSignal<Problem | null>(null)
  return (
    <section class="card" aria-label="Quarantine">
      <div class="card-head">
        <h2>{counted(move.quarantined_chunks, 'chunk')} in quarantine</h2>
        <button type="button" class="button small" onClick={() => void retry()}>
          Retry
        </button>
      </div>
      <p class="quiet">The provider rejected these texts. The migration continues with all others.</p>
      {problem.value !== null && <Failure problem={problem.value} />}
      <Loaded of={chunks} what="the quarantine" rows={1}>
        {(page) => (
          <>
            <Table columns={columns}>
              {[...page.chunks, ...further.items.value].map((chunk) => (
                <tr key={chunk.chunk_id}>
                  <td>{chunk.chunk_id}</td>
                  <td>
                    {chunk.reason} <span class="quiet">{chunk.code}</span>
                  </td>
                  <td class="number">{count(chunk.attempts)}</td>
                </tr>
              ))}
            </Table>
            <More pages={further} what="chunks" />
          </>
        )}
      </Loaded>
    </section>
  )

  async function retry(): Promise<void> {
    problem.value = null
    try {
      const { chunks: back } = await post<{ chunks: number }>(`${path}/retry`)
      announce(`${counted(back, 'chunk')} queued for another attempt.`)
    } catch (error) {
      problem.value = problemOf(error)
    }
    await reload()
  }
}
