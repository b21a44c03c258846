/** The steps of a migration, for users who start one. */
export function Steps({ source }: { source: string }) {
  return (
    <ol class="steps">
      <li>
        <strong>Fill.</strong> Workers embed the existing chunks, and both models receive every new document.
        Searches keep using {source}.
      </li>
      <li>
        <strong>Verify.</strong> Gates check the vectors, the HNSW index and its recall.
      </li>
      <li>
        <strong>Cut over.</strong> When you decide: one short transaction, and another one to roll back.
      </li>
    </ol>
  )
}
