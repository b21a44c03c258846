export interface Tokenizer {
  encode(text: string): number[]
}
export async function loadTokenizer(): Promise<Tokenizer> {
  throw new Error('not yet')
}
