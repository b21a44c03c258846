import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { RevectorError } from '../../core/errors.ts'

/*
 * Our own, not a library's: those that lock by a file let a lock go by its age, and a process that was only stopped would find
 * its folder in use by another.
 */

/** Who holds a lock. Together these fields identify one process, even after its pid is reused. */
interface Holder {
  readonly pid: number
  /** Boot id and start time, if the system provides them; else empty. */
  readonly started: string
  readonly host: string
  /** Identifies one acquisition of the lock: a process may lock again later. */
  readonly token: string
}

export interface Lock {
  release(): Promise<void>
}

/**
 * Two processes that open one folder of the embedded engine corrupt it, and it has no lock of its own. This
 * lock is a file that says who holds it, linked into place complete, so that exactly one of many processes
 * succeeds. It is only replaced when its process is dead, never because of its age.
 *
 * @throws RevectorError FOLDER_IN_USE, FOLDER_UNUSABLE
 */
export async function lockFolder(lockFile: string, dataDir: string): Promise<Lock> {
  const holder: Holder = {
    pid: process.pid,
    started: await startOf(process.pid),
    host: hostname(),
    token: randomUUID(),
  }
  try {
    const other = await acquire(lockFile, holder)
    if (other !== null) throw inUse(other, lockFile, dataDir)
  } catch (error) {
    if (error instanceof RevectorError) throw error
    throw new RevectorError(
      'FOLDER_UNUSABLE',
      `The data folder ${dataDir} cannot be locked: ${messageOf(error)}.`,
      {
        hint: 'Choose a writable folder with --data-dir or REVECTOR_DATA_DIR.',
        data: { data_dir: dataDir },
        cause: error,
      },
    )
  }
  return {
    release: async () => {
      const current = await readHolder(lockFile)
      if (current?.token === holder.token) await rm(lockFile, { force: true })
    },
  }
}

/** @returns null if this process has the lock now, else its holder */
async function acquire(path: string, holder: Holder): Promise<Holder | null> {
  const own = `${path}.${holder.token}`
  await writeFile(own, JSON.stringify(holder), { flag: 'wx' })
  try {
    for (;;) {
      if (await linked(own, path)) return null
      const current = await readHolder(path)
      if (current === null) continue
      if (await isAlive(current)) return current
      // Only the holder of the replacement lock replaces a dead process's file, so a live one's is never
      // replaced.
      const adoption = `${path}.adoption`
      if ((await acquire(adoption, holder)) !== null) {
        await wait(5)
        continue
      }
      try {
        if ((await readHolder(path))?.token !== current.token) continue
        await rename(own, path)
        return null
      } finally {
        await rm(adoption, { force: true })
      }
    }
  } finally {
    await rm(own, { force: true })
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    if (codeOf(error) !== 'EPERM' && codeOf(error) !== 'ENOTSUP' && codeOf(error) !== 'ENOSYS') throw error
  }
  // A file system without hard links: for a moment the file exists without content.
  try {
    await writeFile(to, await readFile(from), { flag: 'wx' })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Null if there is no lock file any more. */
async function readHolder(path: string): Promise<Holder | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number') {
      return value as Holder
    }
  } catch {
    // Falls through: the file is not a lock, or is still being written.
  }
  return { pid: 0, started: '', host: '', token: text }
}

async function isAlive(holder: Holder): Promise<boolean> {
  // A process on another machine or in another container can't be checked, nor an unreadable file. Both count
  // as alive.
  if (holder.host !== hostname() || holder.pid <= 0) return true
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  return holder.started === '' || holder.started === (await startOf(holder.pid))
}

/** When a process started, in a form that no other process with its pid shares; empty if /proc doesn't say. */
async function startOf(pid: number): Promise<string> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ])
    // The second field is the command in parentheses and may hold anything; start time is the 20th after it.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return ticks === undefined ? '' : `${boot.trim()}/${ticks}`
  } catch {
    return ''
  }
}

function inUse(other: Holder, lockFile: string, dataDir: string): RevectorError {
  const data = { data_dir: dataDir, pid: other.pid, host: other.host }
  if (other.pid === process.pid && other.host === hostname()) {
    return new RevectorError(
      'FOLDER_IN_USE',
      `This process (${other.pid}) already has the data folder ${dataDir} open.`,
      { hint: 'Share the database that is open, or close it first.', data },
    )
  }
  if (other.pid <= 0 || other.host !== hostname()) {
    const who = other.pid <= 0 ? 'something unknown' : `process ${other.pid} on ${other.host}`
    return new RevectorError('FOLDER_IN_USE', `The data folder ${dataDir} is in use by ${who}.`, {
      hint: `Close it there. If that process certainly no longer exists, delete ${lockFile}.`,
      data,
    })
  }
  return new RevectorError('FOLDER_IN_USE', `The data folder ${dataDir} is in use by process ${other.pid}.`, {
    hint: `Wait for it or stop it (kill ${other.pid}), choose another folder with --data-dir, or use a server with DATABASE_URL, which many processes can share.`,
    data,
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
