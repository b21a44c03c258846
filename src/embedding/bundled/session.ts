/** Runs the encoder: token numbers in (1 to 128 a text), vectors of 512 and length 1 out. */
export interface Session {
  /** `onnx`: onnxruntime-node. `wasm`: our own loop, where that package isn't installed. */
  readonly route: Route
  run(texts: readonly (readonly number[])[]): Promise<Float32Array[]>
  close(): Promise<void>
}

export type Route = 'onnx' | 'wasm'

/** Opens the faster route that is installed, or exactly the one asked for. */
export async function openSession(route?: Route): Promise<Session> {
  if (route === 'wasm') return openWasm()
  const runtime = await loadOnnxRuntime()
  if (runtime !== null) {
    const { openOnnxSession } = await import('./onnx-session.ts')
    return openOnnxSession(runtime)
  }
  if (route === 'onnx') throw new Error('onnxruntime-node is not installed.')
  return openWasm()
}

async function openWasm(): Promise<Session> {
  const { openWasmSession } = await import('./wasm-session.ts')
  return openWasmSession()
}

/** Null when the optional package is not installed, or has no binary for this machine. */
async function loadOnnxRuntime(): Promise<typeof import('onnxruntime-node') | null> {
  try {
    return await import('onnxruntime-node')
  } catch {
    return null
  }
}
