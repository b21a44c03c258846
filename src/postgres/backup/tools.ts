import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { RevectorError, throwIfAborted } from '../../core/errors.ts'

/** Folders where installers put PostgreSQL's programs, one per major version. */
const installed: readonly (readonly [parent: string, below: string])[] = [
  ['/usr/lib/postgresql', 'bin'],
  ['/usr', 'bin'], // /usr/pgsql-17/bin
  ['/opt/homebrew/opt', 'bin'],
  ['C:\\Program Files\\PostgreSQL', 'bin'],
]

/**
 * A program of PostgreSQL that is at least as new as the server: an older pg_dump refuses to read it. Looked for on the PATH,
 * then where installers put it.
 *
 * @throws RevectorError BACKUP_TOOL_MISSING
 */
export async function findTool(
  name: 'pg_dump' | 'pg_restore' | 'psql',
  serverVersion: string,
): Promise<string> {
  const needed = majorOf(serverVersion)
  const seen: string[] = []
  for (const path of await candidates(name)) {
    const version = await versionOf(path)
    if (version === null) continue
    if (majorOf(version) >= needed) return path
    seen.push(version)
  }
  const older = seen.length > 0
  throw new RevectorError(
    'BACKUP_TOOL_MISSING',
    older
      ? `${name} ${seen[0]} is older than the server, which is ${serverVersion}.`
      : `${name} was not found: backups need PostgreSQL's own program.`,
    {
      hint: `Install the client programs of PostgreSQL ${needed} (Debian and Ubuntu: postgresql-client-${needed}) and put them on the PATH.`,
      data: { tool: name, required: String(needed), found: seen[0] ?? null },
    },
  )
}

async function candidates(name: string): Promise<string[]> {
  const found = await Promise.all(
    installed.map(async ([parent, below]) => {
      const entries = await readdir(parent).catch(() => [])
      return entries
        .filter((entry) => /^(\d+|pgsql-\d+|(postgresql|libpq)(@\d+)?)$/.test(entry))
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        .map((entry) => join(parent, entry, below, name))
    }),
  )
  return [name, ...found.flat()]
}

async function versionOf(path: string): Promise<string | null> {
  try {
    const { output } = await runTool(path, ['--version'], {})
    return /(\d+(\.\d+)*)/.exec(output)?.[1] ?? null
  } catch {
    return null
  }
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10)
}

export interface RunOptions {
  readonly signal?: AbortSignal
  /** Written to the program's standard input. */
  readonly input?: AsyncIterable<Buffer | string>
  /** Takes the program's standard output; without it the output is in the result. */
  readonly takeOutput?: (output: Readable) => Promise<void>
}

/** A program's error output and exit code, if it failed. */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure'
}

/**
 * Runs a program until it ends. @throws ToolFailure with what it wrote to standard error; RevectorError
 * INTERRUPTED
 */
export async function runTool(
  path: string,
  args: readonly string[],
  options: RunOptions,
): Promise<{ output: string }> {
  throwIfAborted(options.signal)
  const child = spawn(path, args, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true })
  const stop = (): void => void child.kill('SIGTERM')
  options.signal?.addEventListener('abort', stop)
  let output = ''
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(0, 20_000)
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  child.stdin.on('error', () => {
    // It ended before it had read everything; its exit code says why.
  })
  try {
    const [code] = await Promise.all([
      ended,
      options.takeOutput?.(child.stdout) ??
        collect(child.stdout, (text) => {
          output += text
        }),
      feed(child.stdin, options.input, ended),
    ])
    throwIfAborted(options.signal)
    if (code !== 0) throw new ToolFailure(complaint.trim() || `it exited with code ${code}`)
    return { output }
  } catch (error) {
    child.kill('SIGTERM')
    throwIfAborted(options.signal)
    throw error
  } finally {
    options.signal?.removeEventListener('abort', stop)
  }
}

async function collect(from: Readable, take: (text: string) => void): Promise<void> {
  for await (const chunk of from.setEncoding('utf8')) take(String(chunk))
}

async function feed(
  to: NodeJS.WritableStream & { readonly destroyed?: boolean },
  input: RunOptions['input'],
  ended: Promise<unknown>,
): Promise<void> {
  if (input !== undefined) {
    for await (const chunk of input) {
      if (to.destroyed === true) return
      if (!to.write(chunk)) {
        await Promise.race([new Promise((resolve) => to.once('drain', resolve)), ended])
      }
    }
  }
  to.end()
}
