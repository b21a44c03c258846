import { headersOf, lost, refused } from './request.ts'
import type { IngestReport } from './shapes.ts'

/** Sends files with XMLHttpRequest, because `fetch` does not report how much of the body is sent.
 *
 * @param onSent share of the bytes that are sent, 0 to 1
 */
export function upload(
  files: readonly File[],
  { onSent, signal }: { onSent: (share: number) => void; signal: AbortSignal },
): Promise<IngestReport> {
  const form = new FormData()
  for (const file of files) form.append('files', file, file.name)
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest()
    request.open('POST', '/api/v1/documents')
    for (const [name, value] of Object.entries(headersOf({ accept: 'application/json' }))) {
      request.setRequestHeader(name, value)
    }
    request.responseType = 'json'
    request.upload.onprogress = ({ loaded, total }) => onSent(total === 0 ? 0 : loaded / total)
    request.onload = () => {
      if (request.status < 300) done(request.response as IngestReport)
      else fail(refused(request.status, request.response))
    }
    request.onerror = () => fail(lost())
    request.onabort = () => fail(new DOMException('Stopped.', 'AbortError'))
    signal.addEventListener('abort', () => request.abort())
    request.send(form)
  })
}
