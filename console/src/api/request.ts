import { signal } from '@preact/signals'

/** A problem that the service reports, or one made here when the service does not respond. */
export interface Problem {
  readonly code: string
  readonly status: number
  readonly detail: string
  readonly hint: string
  readonly [member: string]: unknown
}

export class RequestFailure extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

/** Whether the service responds; while it is `lost`, the console retries by itself. */
export const connection = signal<'fine' | 'lost'>('fine')
/** Grows each time the service is back: the page then reloads its data. */
export const returns = signal(0)
/** Whether the service wants an API key; `declined`: the user closed the dialog, so it does not open again by itself. */
export const keyWanted = signal<'no' | 'missing' | 'wrong' | 'declined'>('no')

const place = 'revector-key'
let key = sessionStorage.getItem(place)

/** Kept for this tab only: gone when the tab is closed. */
export function setKey(entered: string): void {
  key = entered
  sessionStorage.setItem(place, entered)
  keyWanted.value = 'no'
  returns.value += 1
}

export function askForKey(): void {
  keyWanted.value = key === null ? 'missing' : 'wrong'
}

export function headersOf(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return key === null ? { ...extra } : { ...extra, authorization: `Bearer ${key}` }
}

interface Options {
  readonly body?: unknown
  readonly signal?: AbortSignal
}

export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await open(method, path, options)
  return (response.status === 204 ? undefined : await response.json()) as T
}

export const get = <T>(path: string, abort?: AbortSignal): Promise<T> =>
  request<T>('GET', path, abort === undefined ? {} : { signal: abort })

export const post = <T>(path: string, body: unknown = {}, abort?: AbortSignal): Promise<T> =>
  request<T>('POST', path, { body, signal: abort })

/** The response, if it is successful. @throws RequestFailure, or AbortError */
export async function open(
  method: string,
  path: string,
  { body, signal: abort, accept }: Options & { readonly accept?: string } = {},
): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: headersOf({
        accept: accept ?? 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: abort,
      cache: 'no-store',
      credentials: 'omit',
    })
  } catch (error) {
    if (abort?.aborted === true) throw error
    throw lost()
  }
  if (response.ok) return response
  throw refused(response.status, await response.json().catch(() => null))
}

/** The failure that a response stands for; asks for a key after a 401. */
export function refused(status: number, body: unknown): RequestFailure {
  if (status === 401 && keyWanted.peek() !== 'declined') askForKey()
  const problem = typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {}
  return new RequestFailure({
    ...problem,
    code: problem.code ?? 'UNEXPECTED',
    status,
    detail: problem.detail ?? `The service replied with status ${status}.`,
    hint: problem.hint ?? '',
  })
}

export function lost(): RequestFailure {
  if (connection.value === 'fine') {
    connection.value = 'lost'
    void tryAgain(1_000)
  }
  return new RequestFailure({
    code: 'OFFLINE',
    status: 0,
    detail: 'The service is not responding.',
    hint: 'Try again when it is back.',
  })
}

async function tryAgain(wait: number): Promise<void> {
  await new Promise<void>((done) => {
    const timer = setTimeout(finish, wait)
    addEventListener('online', finish)
    function finish(): void {
      clearTimeout(timer)
      removeEventListener('online', finish)
      done()
    }
  })
  const answered = await fetch('/healthz', { cache: 'no-store' }).then(
    (response) => response.ok,
    () => false,
  )
  if (!answered) return tryAgain(Math.min(wait * 1.5, 10_000))
  connection.value = 'fine'
  returns.value += 1
}

/** Any thrown value as a problem that can be shown. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof RequestFailure) return thrown.problem
  return { code: 'UNEXPECTED', status: 0, detail: String(thrown), hint: '' }
}
