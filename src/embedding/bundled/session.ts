/** Runs the encoder: token numbers in (1 to 128 a text), vectors of 512 and length 1 out. */
export interface Session {
  /** `onnx`: onnxruntime-node. `wasm`: our own loop, where that package isn't installed. */
  readonly route: Route
  run(texts: readonly (readonly number[])[]): Promise<Float32Array[]>
  close(): Promise<void>
}

export type Route = 'onnx' | 'wasm'
