import * as z from 'zod'
import { languageProviderNames } from '../core/language-provider.ts'

/** Options of the language model, under `languageModel`. */
export const languageModelOptions = z.strictObject({
  provider: z.enum(languageProviderNames).describe('The provider. Ollama and vLLM are `openai-compatible`.'),
  model: z.string().min(1).describe('The model’s name at the provider.'),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Base URL, if it is not the provider’s own; for Ollama `http://127.0.0.1:11434/v1`.'),
  maxOutputTokens: z
    .int()
    .min(16)
    .default(1_000)
    .describe('Most tokens of an answer; a longer one is cut off.'),
  contextTokens: z
    .int()
    .min(1_000)
    .default(8_000)
    .describe(
      'Most tokens of passages, question and answer together. Ollama cuts off what exceeds its `num_ctx`.',
    ),
  timeoutMs: z
    .int()
    .min(1)
    .default(60_000)
    .describe(
      'Milliseconds without a sign of life after which a request fails; a cold local model may need more.',
    ),
  maxAttempts: z.int().min(1).max(20).default(4).describe('Attempts before the first word of an answer.'),
})
