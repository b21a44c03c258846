import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { toolConnection } from '../../src/postgres/backup/connection-string.ts'
import { findManifest, type Manifest, manifestLine } from '../../src/postgres/backup/manifest.ts'
import { findTool } from '../../src/postgres/backup/tools.ts'
import { temporaryFolder } from '../support/engines.ts'

describe("PostgreSQL's programs", () => {
  it('are refused when they are older than the server, with what to install', async () => {
    const folder = await temporaryFolder()
    const program = join(folder, 'pg_dump')
    await writeFile(program, '#!/bin/sh\necho "pg_dump (PostgreSQL) 97.3 (Some 97.3-1)"\n')
    await chmod(program, 0o755)
    vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`)
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    expect(await findTool('pg_dump', '97.1')).toBe('pg_dump')
    await expect(findTool('pg_dump', '98.0')).rejects.toMatchObject({
      code: 'BACKUP_TOOL_MISSING',
      message: 'pg_dump 97.3 is older than the server, which is 98.0.',
      hint: expect.stringContaining('postgresql-client-98'),
    })
  })

  it('get the password in a file that only we can read, not as an argument', async () => {
    const folder = await temporaryFolder()
    const databaseUrl =
      'postgresql://us%20er:hun%3Ater%5C2@db.example:5433/my%20db?sslmode=verify-full&sslrootcert=/ca.pem'
    const connection = await toolConnection({ databaseUrl }, folder)
    expect(connection).not.toMatch(/hun/)
    expect(await readFile(join(folder, 'pgpass'), 'utf8')).toBe('*:*:*:*:hun\\:ter\\\\2\n')
    const url = new URL(connection)
    expect(url.pathname).toBe('/my%20db')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      host: 'db.example',
      port: '5433',
      user: 'us er',
      sslmode: 'verify-full',
      sslrootcert: '/ca.pem',
      passfile: join(folder, 'pgpass'),
    })
    expect(connection).not.toContain('+')
  })
})

describe('the manifest of a backup', () => {
  it('is found where it was put, and nowhere else', () => {
    const manifest: Manifest = {
      format: 'revector-backup',
      version: 1,
      engine: 'server',
      serverVersion: '17.1',
      pgvectorVersion: '0.8.0',
      createdAt: '2026-01-01T00:00:00.000Z',
      tables: [{ name: 'public.odd\n-- name', rows: 1, checksum: '-5' }],
    }
    const line = manifestLine(manifest)
    expect(findManifest(line)).toEqual(manifest)
    expect(findManifest(`PGDMP\0\u0001 bytes\n${line}`)).toEqual(manifest)
    expect(findManifest(`in a text ${line}`)).toBeNull()
    expect(findManifest('-- revector-backup {"format":"other"}\n')).toBeNull()
    expect(findManifest('-- revector-backup {cut')).toBeNull()
  })
})
