import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Documents that are far apart in their words, so that a lexical model finds the right one. */
export const texts = {
  'pools.md':
    '# Pools\n\nA pool keeps connections open.\n\n## Closing\n\nTo close the pool, call end. It waits for borrowed clients.\n',
  'bread.md':
    '# Bread\n\nKnead flour, water, salt and yeast. Let the dough rise overnight in a cool kitchen.\n',
  'tides.md': '# Tides\n\nThe moon pulls the ocean. Spring tides come with the full moon.\n',
  'deep/violins.md': '# Violins\n\nA luthier carves the spruce top. The bow is strung with horse hair.\n',
  'page.html':
    '<!doctype html><html><head><title>Glaciers</title></head><body><article><h1>Glaciers</h1><p>Ice flows downhill and grinds the valley into a trough of striated bedrock.</p></article></body></html>',
} as const

/** Writes the folder `docs` of good files, and a bad one when asked for. */
export function writeCorpus(dir: string, { bad = false } = {}): string {
  const docs = join(dir, 'docs')
  mkdirSync(join(docs, 'deep'), { recursive: true })
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(docs, name), text)
  if (bad) writeFileSync(join(docs, 'broken.pdf'), '%PDF-1.7\nthis is not one')
  return docs
}

/** Enough files for an ingest that can be interrupted. */
export function writeManyFiles(dir: string, count: number): string {
  const many = join(dir, 'many')
  mkdirSync(many, { recursive: true })
  for (let i = 0; i < count; i++) {
    const text = Array.from(
      { length: 5 },
      (_, j) => `Paragraph ${j} of note ${i} speaks of item${i * 5 + j}.`,
    ).join('\n\n')
    writeFileSync(join(many, `note-${String(i).padStart(4, '0')}.md`), `# Note ${i}\n\n${text}\n`)
  }
  return many
}
