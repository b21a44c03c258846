/** Providers of language models. */
export const languageProviderNames = ['openai', 'openai-compatible', 'google', 'mistral', 'cohere'] as const
export type LanguageProviderName = (typeof languageProviderNames)[number]
