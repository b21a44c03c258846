import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { specFor } from '../../src/embedding/catalogue.ts'
import type { ProviderEnvironment } from '../../src/embedding/contract.ts'
import { openEmbeddingModel } from '../../src/embedding/open.ts'
import { openTransformers } from '../../src/embedding/providers/transformers.ts'
import { exerciseEmbeddingModel } from '../../src/testing/exercise-embedding-model.ts'
import { encodeTableModel } from './table-model.ts'

const width = 8
const maxLength = 16
const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...'abcdefghijklmnopqrstuvwxyz0123456789.,!?'.split('')]
const vocabulary = [...words, ...words.slice(4).map((letter) => `##${letter}`)]

let folder = ''
const environment = (): ProviderEnvironment => ({ keys: {}, localModelPath: folder, cacheDir: '' })
const spec = (pooling: string) =>
  specFor('tiny', { provider: 'transformers', remoteName: 'test/tiny', dimension: width, pooling })

/** A model as the hub has them, with letters for a vocabulary and one layer: a table of token vectors. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'revector-models-'))
  const model = join(folder, 'test', 'tiny')
  await mkdir(join(model, 'onnx'), { recursive: true })
  const write = (name: string, content: object) => writeFile(join(model, name), JSON.stringify(content))
  await write('config.json', {
    model_type: 'bert',
    architectures: ['BertModel'],
    hidden_size: width,
    num_attention_heads: 1,
    num_hidden_layers: 1,
    max_position_embeddings: maxLength,
    vocab_size: vocabulary.length,
  })
  await write('tokenizer_config.json', {
    tokenizer_class: 'BertTokenizer',
    model_max_length: maxLength,
    ...{ unk_token: '[UNK]', cls_token: '[CLS]', sep_token: '[SEP]', pad_token: '[PAD]' },
  })
  await write('tokenizer.json', tokenizerJson())
  const table = Float32Array.from({ length: vocabulary.length * width }, (_, n) => Math.sin(n * 12.9898))
  await writeFile(join(model, 'onnx', 'model.onnx'), encodeTableModel(table, width))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

function tokenizerJson(): object {
  const special = (id: number) => ({ id, content: words[id], special: true })
  return {
    version: '1.0',
    added_tokens: [0, 1, 2, 3].map(special),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      pair: [],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((piece, id) => [piece, id])),
    },
  }
}

describe('a transformers.js model in a folder', () => {
  exerciseEmbeddingModel(() => openEmbeddingModel(spec('mean'), environment()), { describe, it })

  it('is pooled over its tokens or by its first, and scaled to length 1', async () => {
    const row = (id: number) =>
      Array.from({ length: width }, (_, at) => Math.sin((id * width + at) * 12.9898))
    const unit = (vector: number[]) => vector.map((value) => value / Math.hypot(...vector))
    const expected = {
      // [CLS] a [SEP], also where the batch pads it.
      mean: unit(row(2).map((value, at) => value + (row(4)[at] ?? 0) + (row(3)[at] ?? 0))),
      cls: unit(row(2)),
    }
    for (const pooling of ['mean', 'cls'] as const) {
      const model = await openEmbeddingModel(spec(pooling), environment())
      const { vectors, tokens } = await model.embed(['a', 'abcd'], { kind: 'document' })
      expect(tokens).toBe(3 + 6)
      for (const [at, value] of expected[pooling].entries()) expect(vectors[0]?.[at]).toBeCloseTo(value, 5)
      await model.close()
    }
  })

  it('reads what is longer than its limit in windows, never cut', async () => {
    const raw = await openTransformers(spec('mean'), environment())
    expect(raw).toMatchObject({ maxInputTokens: maxLength, markTokens: 2 })
    expect(raw.countTokens?.('ab c.')).toBe(4)
    await raw.close?.()
    const model = await openEmbeddingModel(spec('mean'), environment())
    const long = 'abc def ghi. '.repeat(20)
    const { tokens } = await model.embed([long], { kind: 'document' })
    expect(tokens).toBeGreaterThan(20 * 10)
    await model.close()
  })

  it('is refused with the files it needs when the folder lacks it', async () => {
    const missing = specFor('all-MiniLM-L6-v2')
    await expect(openEmbeddingModel(missing, environment())).rejects.toMatchObject({
      code: 'PROVIDER_REFUSED',
      message: expect.stringContaining('Xenova/all-MiniLM-L6-v2'),
      hint: expect.stringContaining('onnx/model.onnx'),
    })
  })

  it('says what to install when the package is absent', async () => {
    // A package that does not exist fails as one that is not installed does.
    const name = '@huggingface/transformers-that-is-not-there'
    const absent = () => import(name)
    await expect(openTransformers(spec('mean'), environment(), absent)).rejects.toMatchObject({
      code: 'PROVIDER_PACKAGE_MISSING',
      hint: expect.stringContaining('npm install @huggingface/transformers'),
    })
  })
})
