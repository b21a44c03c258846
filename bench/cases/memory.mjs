// Resident memory of an ingest: a process of its own reads a folder of Markdown into the server with a model that
// costs nothing, once with a small folder and once with one ten times its size. What grows with the folder would
// end a large one.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withDatabase } from '../server.mjs'
import { random } from '../vectors.mjs'

const child = fileURLToPath(new URL('../ingest-child.mjs', import.meta.url))
const allowedGrowthMb = 100

export async function memory({ serverUrl, sizes, megabytes, log }) {
  const small = Math.round((megabytes ?? (sizes.length > 1 ? 400 : 100)) / 10)
  const folder = mkdtempSync(join(tmpdir(), 'revector-bench-'))
  try {
    const peaks = []
    for (const size of [small, small * 10]) {
      const path = join(folder, String(size))
      writeFolder(path, size)
      const peak = await withDatabase(serverUrl, (url) => peakOf(url, path))
      log(`memory: ${size} MB of Markdown, ${peak.chunks} chunks: at most ${peak.rssMb} MB resident`)
      peaks.push(peak)
      rmSync(path, { recursive: true })
    }
    const [first, second] = peaks
    return [
      {
        id: `memory/ingest/${small * 10}MB`,
        title: `resident memory, ${small} → ${small * 10} MB folder`,
        value: second.rssMb - first.rssMb,
        unit: ' MB more',
        better: 'lower',
        target: allowedGrowthMb,
        detail: `at most ${first.rssMb} MB, then ${second.rssMb} MB (${second.chunks.toLocaleString('en')} chunks)`,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function peakOf(databaseUrl, folder) {
  return new Promise((resolve, reject) => {
    const run = spawn(process.execPath, [child, databaseUrl, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    run.stdout.on('data', (bytes) => {
      text += bytes
    })
    run.on('error', reject)
    run.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`The ingest ended with ${code}`)),
    )
  })
}

const words =
  'the of a system index vector query table search model document passage row value key state'.split(' ')

/** Files of some 40 kB, as documentation has them, no two paragraphs alike. */
function writeFolder(path, megabytes) {
  const next = random(7)
  const files = megabytes * 25
  for (let n = 0; n < files; n += 1) {
    const part = join(path, String(Math.floor(n / 500)))
    mkdirSync(part, { recursive: true })
    const sections = Array.from({ length: 20 }, (_, section) => {
      const text = Array.from({ length: 330 }, () => words[Math.floor(next() * words.length)]).join(' ')
      return `## Section ${section}\n\nPlace ${n}-${section}: ${text}.`
    })
    writeFileSync(join(part, `${n}.md`), `# File ${n}\n\n${sections.join('\n\n')}\n`)
  }
}
