// The two models of the story, of different widths; both run on this machine.
export const older = { modelName: 'lexical-hash-384', dimension: 384, provider: 'lexical-hash' }
export const newer = { modelName: 'universal-sentence-encoder-lite', dimension: 512, provider: 'bundled' }
