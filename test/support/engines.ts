import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe, inject, onTestFinished } from 'vitest'
import { connectDatabase, type DatabaseOptions } from '../../src/postgres/connect.ts'
import type { Database } from '../../src/postgres/database.ts'
import { closeIdle, connectReused } from './reused-engine.ts'

/** One of the engines that a suite runs on. */
export interface Engine {
  readonly name: Database['engine']
  /** A fresh, empty database. Closed and removed after the test, or after the file when opened in a hook. */
  connect(options?: Omit<DatabaseOptions, 'databaseUrl' | 'dataDir'>): Promise<Database>
  /**
   * A place for a fresh, empty database: an empty folder, or a new database of the server. For what opens databases
   * itself or opens one twice.
   */
  place(): Promise<Place>
  /** The same, or one that Revector has set up, which is there sooner. */
  readyPlace(): Promise<Place>
}

export type Place = { readonly dataDir: string } | { readonly databaseUrl: string }

/** URL of the server under test; null when there is none. */
export const serverUrl = inject('serverUrl')

/** Runs a suite on the embedded engine and, where there is one, on a server. */
export function describeEngines(name: string, body: (engine: Engine) => void): void {
  describe(`${name} (embedded)`, () => body(embedded))
  if (serverUrl !== null) describe(`${name} (server)`, () => body(serverEngine(serverUrl)))
}

/** Runs a suite on a server, or on the embedded engine where there is none: for what does not depend on the engine. */
export function describeOneEngine(name: string, body: (engine: Engine) => void): void {
  const engine = serverUrl === null ? embedded : serverEngine(serverUrl)
  describe(`${name} (${engine.name})`, () => body(engine))
}

/** Runs a suite on a server only; where there is none, its tests are reported as skipped. */
export function describeServer(name: string, body: (engine: Engine, url: string) => void): void {
  const url = serverUrl ?? ''
  describe.skipIf(serverUrl === null)(`${name} (server)`, () => body(serverEngine(url), url))
}

export const embedded: Engine = {
  name: 'embedded',
  connect: async (options = {}) => {
    const database = await connectReused(options)
    afterUse(() => database.close())
    return database
  },
  place: async () => ({ dataDir: join(await temporaryFolder(), 'data') }),
  readyPlace: async () => {
    const dataDir = join(await temporaryFolder(), 'data')
    await cp(inject('readyFolder'), dataDir, { recursive: true })
    return { dataDir }
  },
}

export function serverEngine(url: string): Engine {
  const place = async (): Promise<{ databaseUrl: string }> => {
    const name = `revector_test_${randomUUID().replaceAll('-', '')}`
    await onServer(url, `create database ${name}`)
    afterUse(() => onServer(url, `drop database if exists ${name} with (force)`))
    const created = new URL(url)
    created.pathname = `/${name}`
    return { databaseUrl: created.href }
  }
  return {
    name: 'server',
    connect: async (options = {}) => {
      const database = await connectDatabase({ ...options, ...(await place()) })
      afterUse(() => database.close())
      return database
    },
    place,
    readyPlace: place,
  }
}

/** A new folder, removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'revector-test-'))
  afterUse(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

const leftToFile: (() => Promise<unknown>)[] = []

/**
 * Cleans up after the test, or after the file when it is called in a hook. Last in, first out: a database is closed before its
 * place is removed.
 */
export function afterUse(clean: () => Promise<unknown>): void {
  try {
    onTestFinished(async () => void (await clean()))
  } catch {
    // Not inside a test: a hook made it for all tests of the file.
    leftToFile.push(clean)
  }
}

afterAll(async () => {
  for (const clean of leftToFile.splice(0).reverse()) await clean()
  await closeIdle()
})
