/** What a migration consists of, for who begins one. */
export function Steps({ source }: { source: string }) {
  return (
    <ol class="steps">
      <li>
        <strong>Fill.</strong> From the start every new document reaches both models; a worker embeds what is
        missing. Searches stay with {source}.
      </li>
      <li>
        <strong>Verify.</strong> Vectors, HNSW index and recall are measured against gates.
      </li>
      <li>
        <strong>Cut over.</strong> You decide. One short transaction, and one more to go back.
      </li>
    </ol>
  )
}
