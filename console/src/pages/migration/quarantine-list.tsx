import { useSignal } from '@preact/signals'
import { useFurtherPages } from '../../api/pages.ts'
import { get, type Problem, post, problemOf } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { MigrationStatus, Quarantine } from '../../api/shapes.ts'
import { counted } from '../../format.ts'
import { announce } from '../../parts/announce.tsx'
import { Failure, Loaded } from '../../parts/states.tsx'
import { More, Table } from '../../parts/table.tsx'

const columns = [{ name: 'Chunk' }, { name: 'Reason' }, { name: 'Tries', number: true }] as const

/** Chunks that the target can't embed, with the reason, and another try. */
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
          Try them again
        </button>
      </div>
      <p class="quiet">The provider refused these texts themselves. All others go on.</p>
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
                  <td class="number">{chunk.attempts}</td>
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
      announce(`${counted(back, 'chunk')} put back to be tried again.`)
    } catch (error) {
      problem.value = problemOf(error)
    }
    await reload()
  }
}
