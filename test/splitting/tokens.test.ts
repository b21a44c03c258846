import { readFileSync } from 'node:fs'
import { countTokens } from 'gpt-tokenizer/encoding/cl100k_base'
import { describe, expect, test } from 'vitest'
import { estimateTokens } from '../../src/splitting/tokens.ts'

function shipped(path: string): string {
  return readFileSync(new URL(`../../node_modules/${path}`, import.meta.url), 'utf8').slice(0, 20_000)
}

describe('estimateTokens against cl100k', () => {
  const samples: Record<string, [text: string, lowest: number, highest: number]> = {
    'English documentation': [shipped('mammoth/README.md'), 1, 1.4],
    'a licence': [shipped('typescript/LICENSE.txt'), 1, 1.4],
    TypeScript: [shipped('marked/lib/marked.d.ts'), 1, 1.45],
    JSON: [shipped('typescript/package.json'), 1, 1.45],
    Russian: ['Все люди рождаются свободными и равными в своем достоинстве и правах.', 0.9, 1.4],
    Chinese: ['人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心。', 0.9, 1.4],
    Japanese: [
      'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。',
      0.95,
      1.4,
    ],
    Korean: ['모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.', 0.9, 1.4],
    Thai: ['มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ', 0.9, 1.4],
    German: ['Die Verarbeitung personenbezogener Daten erfolgt nach Maßgabe der Verordnung.', 0.6, 1.2],
  }
  for (const [name, [text, lowest, highest]] of Object.entries(samples)) {
    test(name, () => {
      const ratio = estimateTokens(text) / countTokens(text)
      expect(ratio).toBeGreaterThanOrEqual(lowest)
      expect(ratio).toBeLessThanOrEqual(highest)
    })
  }
})

test('nothing is no token; anything else is at least one', () => {
  expect(estimateTokens('')).toBe(0)
  expect(estimateTokens('a')).toBeGreaterThanOrEqual(1)
  expect(estimateTokens('\n')).toBe(1)
})
