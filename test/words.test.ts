import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './docs/pages.ts'

interface RetiredWord {
  readonly words: readonly string[]
  readonly instead: string
}

const readText = (path: string): string => readFileSync(join(root, path), 'utf8')

/** The glossary: a table whose third column lists words that are not used for the word in the first any more. */
const glossary = /^## Words$.*?(?=^## )/ms.exec(readText('ARCHITECTURE.md'))?.[0] ?? ''

const retiredInGlossary = glossary.split('\n').flatMap((line): readonly RetiredWord[] => {
  const [, instead = '', , cell = ''] = line.split('|').map((text) => text.trim())
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => ({ words: wordsIn(text), instead }))
})

/** Names that said too little, or something else than what they named. */
const retiredNames: readonly RetiredWord[] = [
  { words: ['dear', 'to', 'plain', 'scans'], instead: 'what it does: expensiveForPlainScans' },
  { words: ['outrun'], instead: 'what happened: the index build was overtaken' },
  { words: ['gapped'], instead: 'what it is: withGaps' },
]

/** Where a word is a term of something else, or part of data. */
const exceptions: readonly RegExp[] = [
  // ONNX has graphs, and pgvector says "hnsw graph not repaired" and "no longer fits".
  /^src\/(doctor\/database|schema\/index-build)\.ts: graph$/,
  /^docs\/decisions\/[^:]*bundled[^:]*: graph$/,
  // Fixed texts that are embedded.
  /^src\/embedding\/canaries\.ts: (somebody|whoever)$/,
]

/** Words of prose and of identifiers alike: `graphTurn`, `graph-turn` and `graph_turn` are both `graph` and `turn`. */
function wordsIn(text: string): readonly string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

/** Every place at which a retired word stands, as `path: word; write … instead`. */
function relapses(path: string, text: string, retired: readonly RetiredWord[]): readonly string[] {
  const words = wordsIn(text)
  return retired
    .filter(({ words: phrase }) => words.some((_, at) => phrase.every((word, i) => words[at + i] === word)))
    .map(({ words: phrase, instead }) => ({ found: `${path}: ${phrase.join(' ')}`, instead }))
    .filter(({ found }) => !exceptions.some((exception) => exception.test(found)))
    .map(({ found, instead }) => `${found}; write ${instead} instead`)
}

const retired = [...retiredInGlossary, ...retiredNames]

describe('retired words', () => {
  it('are read from the glossary', () => {
    expect(retired.find(({ words }) => words.join(' ') === 'taken over')?.instead).toBe('Adopt')
    expect(retired.length).toBeGreaterThan(15)
  })

  it.each([
    ['a comment', '// The graph is built once.', 'graph; write HNSW index instead'],
    ['a comment of two lines', ' * What is in\n * hand is finished.', 'in hand; write Batch instead'],
    ['a name', 'const owedChunks = 1', 'owed; write Pending instead'],
    ['a type', 'class GraphTurn {}', 'graph; write HNSW index instead'],
    ['a constant', 'const TAKEN_OVER = 1', 'taken over; write Adopt instead'],
    ['a sentence', "'Moving needs a yes.'", 'needs a yes; write Confirmation instead'],
  ])('are found in %s', (_, text, expected) => {
    expect(relapses('src/x.ts', text, retired)).toEqual([`src/x.ts: ${expected}`])
  })

  it('are not found inside other words, nor where they mean something else', () => {
    expect(relapses('src/x.ts', 'a paragraph, graphemes, followed, whatever', retired)).toEqual([])
    expect(relapses('src/doctor/database.ts', 'hnsw graph not repaired', retired)).toEqual([])
  })

  it('do not come back in the source, the console or the documentation', () => {
    const files = execFileSync('git', ['ls-files', 'src', 'console', 'docs', 'examples', 'scripts', '*.md'], {
      cwd: root,
      encoding: 'utf8',
    })
    const texts = files
      .split('\n')
      .filter((path) => /\.(ts|tsx|mjs|sql|md|css|html)$/.test(path))
      .map((path) => [path, readText(path).replace(glossary, '')] as const)
    expect(texts.length).toBeGreaterThan(400)
    // The path of a file is text, too.
    expect(texts.flatMap(([path, text]) => relapses(path, `${path}\n${text}`, retired))).toEqual([])
  })
})
