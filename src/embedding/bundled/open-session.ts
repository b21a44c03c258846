import type { Session } from './session.ts'

/** Opens the encoder in onnxruntime-node. */
export async function openSession(): Promise<Session> {
  const { openOnnxSession } = await import('./onnx-session.ts')
  return openOnnxSession(await import('onnxruntime-node'))
}
