// Documents in, passages out. Embedded engine, bundled model: no key, no server.
//   node examples/quick-start.mjs
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRevector } from 'revector'

const dataDir = await mkdtemp(join(tmpdir(), 'revector-example-'))
const revector = await createRevector({ dataDir })
try {
  await revector.db.initialize()

  await revector.ingestion.ingestDocument({
    title: 'Coffee machine',
    content: 'Descale the machine every two months. Use citric acid, not vinegar: it attacks the seals.',
    metadata: { room: 'kitchen' },
  })
  await revector.ingestion.ingestDocument({
    title: 'Printer',
    content: 'When the printer shows code 49, switch it off, wait ten seconds and switch it on again.',
    metadata: { room: 'office' },
  })

  const { hits } = await revector.retriever.search({ query: 'How do I clean the coffee machine?', topK: 1 })
  console.log(`${hits[0].title}: ${hits[0].content}`)

  const office = await revector.retriever.search({
    query: 'How do I clean the coffee machine?',
    filter: { metadata: { room: 'office' } },
  })
  console.log(`Only in the office: ${office.hits.map((hit) => hit.title).join(', ')}`)
} finally {
  await revector.db.close()
  await rm(dataDir, { recursive: true })
}
