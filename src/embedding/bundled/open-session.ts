import type { Route, Session } from './session.ts'

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
