import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { marked } from 'marked'
import { describe, expect, test } from 'vitest'
import { markdownBlocks } from '../../src/splitting/blocks.ts'
import { headingTitle } from '../../src/splitting/headings.ts'

function kinds(text: string): string[] {
  return markdownBlocks(text).map(
    (block) => `${block.kind} ${JSON.stringify(text.slice(block.start, block.end))}`,
  )
}

describe('markdownBlocks', () => {
  test('tells the kinds of blocks apart', () => {
    expect(
      kinds(
        'Title\n===\n\nText\nof two lines\n- a\n- b\n\n  c\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n> quote\nlazy\n\n***\n\n~~~\na\n\nb\n~~~\nend\n',
      ),
    ).toEqual([
      'heading "Title\\n===\\n"',
      'prose "Text\\nof two lines\\n"',
      'list "- a\\n- b\\n\\n  c\\n"',
      'rows "| x | y |\\n|---|---|\\n| 1 | 2 |\\n"',
      'prose "> quote\\nlazy\\n"',
      'prose "***\\n"',
      'code "~~~\\na\\n\\nb\\n~~~\\n"',
      'prose "end\\n"',
    ])
  })

  test('parts a table from the paragraph above it', () => {
    expect(kinds('Intro:\n| a | b |\n| - | - |\n| 1 | 2 |\n')).toEqual([
      'prose "Intro:\\n"',
      'rows "| a | b |\\n| - | - |\\n| 1 | 2 |\\n"',
    ])
  })

  test('finds the headings that a full parser finds, in the documentation installed here', () => {
    const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))
    let headings = 0
    for (const name of readdirSync(modules)) {
      const path = join(modules, name, 'README.md')
      let text: string
      try {
        text = readFileSync(path, 'utf8').replace(/\r\n?/g, '\n')
      } catch {
        continue
      }
      const ours = markdownBlocks(text)
        .filter((block) => block.kind === 'heading')
        .map((block) => `${block.depth} ${letters(text.slice(block.start, block.end))}`)
      const theirs = marked
        .lexer(text)
        .filter((token) => token.type === 'heading')
        .map((token) => `${'depth' in token ? token.depth : ''} ${letters(token.raw)}`)
      expect(ours, path).toEqual(theirs)
      headings += ours.length
    }
    expect(headings).toBeGreaterThan(300)
  })
})

function letters(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, '')
}

test('headingTitle is the text without marks', () => {
  expect(headingTitle('## The `code` of *things* ##\n')).toBe('The code of things')
  expect(headingTitle('### [Link](http://x) and ![alt](y) {#id}\n')).toBe('Link and alt')
  expect(headingTitle('Two\nlines\n=====\n')).toBe('Two lines')
  expect(headingTitle('# snake_case and _emphasis_ \\# 1\n')).toBe('snake_case and emphasis # 1')
  expect(headingTitle('# C#\n')).toBe('C#')
  expect(headingTitle('#\n')).toBe('')
  expect(headingTitle(`# ${'long '.repeat(1000)}`).length).toBeLessThanOrEqual(200)
})
