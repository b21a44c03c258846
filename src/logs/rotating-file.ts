import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { RevectorError } from '../core/errors.ts'

export interface RotatingFile {
  readonly path: string
  /** Writes synchronously: nothing is buffered, so the last lines before an exit are on disk. */
  write(text: string): void
  close(): void
}

/** @throws RevectorError CONFIG_INVALID */
function firstOpened(dir: string, path: string): number {
  try {
    mkdirSync(dir, { recursive: true })
    return openSync(path, 'a', 0o600)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new RevectorError('CONFIG_INVALID', `The log folder ${dir} cannot be written to: ${why}.`, {
      hint: 'Name another with --log-dir or REVECTOR_LOG_DIR, or leave it out.',
      data: { option: 'logDir' },
      cause,
    })
  }
}

/**
 * `<dir>/<name>.log`, renamed to `<name>-<time>.log` before it would grow past `maxBytes`; the newest
 * `maxFiles` of those are kept. Several processes may write to one folder: each line is one append, and a
 * process notices when another has renamed the file.
 */
export function openRotatingFile(options: {
  readonly dir: string
  readonly name: string
  readonly maxBytes: number
  readonly maxFiles: number
}): RotatingFile {
  const { dir, name, maxBytes, maxFiles } = options
  const path = join(dir, `${name}.log`)
  let descriptor = firstOpened(dir, path)
  let open = true

  function rotate(): void {
    if (isStillThere(path, descriptor)) {
      renameSync(path, freePath(dir, name))
      removeOldest(dir, name, maxFiles)
    }
    closeSync(descriptor)
    descriptor = openSync(path, 'a', 0o600)
  }

  return {
    path,
    write(text) {
      if (!open) return
      const { size } = fstatSync(descriptor)
      if (size > 0 && size + Buffer.byteLength(text) > maxBytes) rotate()
      writeSync(descriptor, text)
    },
    close() {
      if (open) closeSync(descriptor)
      open = false
    },
  }
}

function isStillThere(path: string, descriptor: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false })
  return there !== undefined && there.ino === fstatSync(descriptor).ino
}

/**
 * Names sort by time, and within one millisecond by a number: one more than the last, because the first ones of
 * that millisecond may have been removed.
 */
function freePath(dir: string, name: string): string {
  const stem = `${name}-${new Date().toISOString().replaceAll(':', '-')}-`
  const last = setAside(dir, name).findLast((file) => file.startsWith(stem))
  const number = last === undefined ? 0 : Number.parseInt(last.slice(stem.length), 10) + 1
  return join(dir, `${stem}${String(number).padStart(3, '0')}.log`)
}

function removeOldest(dir: string, name: string, keep: number): void {
  const files = setAside(dir, name)
  for (const file of files.slice(0, Math.max(0, files.length - keep))) {
    rmSync(join(dir, file), { force: true })
  }
}

/** Oldest first. */
function setAside(dir: string, name: string): string[] {
  return readdirSync(dir)
    .filter((file) => file.startsWith(`${name}-`) && /-\d{4}-\d\d-\d\dT[\d.-]+Z-\d+\.log$/.test(file))
    .sort()
}
