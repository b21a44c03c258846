import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { estimateTokens, isExact, tokenCounter } from '../../src/embedding/tokens.ts'

const openai = { provider: 'openai', remoteName: 'text-embedding-3-large' } as const
const cohere = { provider: 'cohere', remoteName: 'embed-v4.0' } as const
const bundled = { provider: 'bundled', remoteName: 'universal-sentence-encoder-lite' } as const

describe('counting tokens', () => {
  it('is exact for OpenAI’s models and the bundled one', async () => {
    expect((await tokenCounter(openai))('tiktoken is great!')).toBe(6)
    expect((await tokenCounter(openai))('about <|endoftext|> marks')).toBeGreaterThan(5)
    expect((await tokenCounter(bundled))('Hello, world')).toBe(4)
    expect([openai, bundled, cohere].map(isExact)).toEqual([true, true, false])
  })

  it('is an estimate otherwise', async () => {
    expect((await tokenCounter(cohere))('some words')).toBe(estimateTokens('some words'))
    expect(estimateTokens('')).toBe(0)
  })

  it('is estimated from above, but not by much, in prose and code', async () => {
    const exact = await tokenCounter(openai)
    const files = ['package.json', ...readdirSync('src/embedding').map((name) => `src/embedding/${name}`)]
    for (const file of files.filter((name) => /\.(ts|json|md)$/.test(name))) {
      const text = readFileSync(file, 'utf8')
      const ratio = estimateTokens(text) / exact(text)
      expect(ratio, file).toBeGreaterThan(1)
      expect(ratio, file).toBeLessThan(1.6)
    }
  })

  it.each([
    ['Привет мир, как дела сегодня? Это длинное предложение на русском языке.'],
    ['今天天气很好,我们去公园散步吧。'],
    ['こんにちは世界。今日はいい天気ですね。'],
    ['안녕하세요 세계 오늘 날씨가 좋네요'],
    ['สวัสดีชาวโลก วันนี้อากาศดี'],
  ])('is near in other scripts: %s', async (text) => {
    const ratio = estimateTokens(text) / (await tokenCounter(openai))(text)
    expect(ratio).toBeGreaterThan(0.7)
    expect(ratio).toBeLessThan(1.7)
  })

  it('does not take minutes for a run without blanks', async () => {
    const exact = await tokenCounter(openai)
    // Quadratic, this was eight seconds for a tenth of it.
    expect(exact('a'.repeat(1_000_000))).toBeGreaterThan(10_000)
    expect(exact(' '.repeat(1_000_000))).toBeGreaterThan(1_000)
  })
})
