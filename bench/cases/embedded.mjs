// The embedded engine from a cold start: `revector search` on an existing folder, process included.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from '../measure.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

export async function embedded({ log }) {
  const folder = mkdtempSync(join(tmpdir(), 'revector-bench-'))
  try {
    const { documents, chunks } = revector(
      folder,
      'ingest',
      join(root, 'node_modules', 'zod', 'README.md'),
      join(root, 'docs'),
    )
    log(`embedded: ${documents} documents, ${chunks} chunks`)
    const times = []
    for (let run = 0; run < 6; run++) {
      const begin = performance.now()
      const { hits } = revector(folder, 'search', 'How is a schema checked?')
      times.push((performance.now() - begin) / 1000)
      if (hits.length === 0) throw new Error('The search found nothing')
    }
    return [
      {
        id: 'embedded/search',
        title: 'embedded engine: command to answer',
        // The first start also fills the operating system's file cache.
        value: median(times.slice(1)),
        unit: ' s',
        better: 'lower',
        target: 3,
        detail: `median of 5, process included; ${chunks} chunks; first ${times[0].toFixed(1)} s`,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function revector(folder, ...args) {
  const env = { ...process.env }
  delete env.DATABASE_URL
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'bin', 'revector.js'), '--json', '--quiet', '--data-dir', folder, ...args],
    { encoding: 'utf8', env },
  )
  if (status !== 0) throw new Error(`revector ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`)
  return JSON.parse(stdout)
}
