import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import * as z from 'zod'
import { definedOnly } from '../core/defined.ts'
import { RevectorError } from '../core/errors.ts'
import { languageProviderNames } from '../core/language-provider.ts'
import { connectionEnvironment, namedServer, overruled } from './connection-environment.ts'
import { fileOptions } from './file-options.ts'
import { indexOptions } from './index-options.ts'
import { languageModelOptions } from './language-model-options.ts'
import { schemaOption } from './schema-option.ts'
import { serveOptions } from './serve-options.ts'

/** A host or an origin: `gateway.example`, `http://10.0.0.7:4000`. */
const keyHost = /^(https?:\/\/)?([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?\/?$/i

/** A URL, or libpq's `keyword=value …`. */
const connectionString = /^(postgres(ql)?:\/\/|\s*[a-z_]+\s*=)/

/**
 * Every option, with its unit, default and consequence. A value comes from the call (or a command-line flag),
 * else from the environment, else from the configuration file, else from its default.
 */
export const optionsSchema = z.strictObject({
  databaseUrl: z
    .string()
    .regex(connectionString, 'expected postgresql://user:password@host:port/database')
    .optional()
    .describe(
      'A PostgreSQL server with pgvector: a URL or `host=… dbname=…`, as libpq takes them. If not set: libpq’s variables (`PGHOST`, `PGSERVICE`, …) if they name a server, else the embedded engine in `dataDir`.',
    ),
  directDatabaseUrl: z
    .string()
    .regex(connectionString, 'expected postgresql://user:password@host:port/database')
    .optional()
    .describe(
      'The same server without a connection pooler. Needed if the pooler of `databaseUrl` changes backends between transactions: index builds and upgrades use it.',
    ),
  dataDir: z
    .string()
    .min(1)
    .default('./.revector')
    .describe(
      'Folder of the embedded engine. Only one process can have it open at a time. If given in the call, it takes precedence over a `databaseUrl` from the environment or the file; given anywhere, over libpq’s variables.',
    ),
  schema: schemaOption,
  poolSize: z
    .int()
    .min(1)
    .max(200)
    .default(10)
    .describe('Connections to the server. The embedded engine always has one.'),
  connectTimeoutMs: z.int().min(1).default(10_000).describe('Milliseconds to wait for a connection.'),
  statementTimeoutMs: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Milliseconds after which the server cancels a statement; 0: never. A second later its connection is given up. The embedded engine has no such limit.',
    ),
  lockTimeoutMs: z
    .int()
    .min(0)
    .default(10_000)
    .describe('Milliseconds a statement waits for a lock before it fails; 0: forever.'),
  tls: z
    .strictObject({
      mode: z
        .enum(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'])
        .optional()
        .describe('As libpq’s sslmode; only the last two verify the server’s certificate.'),
      caFile: z
        .string()
        .optional()
        .describe('PEM file of the trusted certificate authorities; `system`: those of the machine.'),
      certFile: z.string().optional().describe('PEM file of the client’s certificate.'),
      keyFile: z.string().optional().describe('PEM file of the client’s key.'),
    })
    .optional()
    .describe('TLS to the server, if the URL does not configure it.'),
  chunkTokens: z
    .int()
    .min(16)
    .max(8_000)
    .default(256)
    .describe(
      'Longest chunk, in tokens. Longer chunks carry more context; shorter ones are found more precisely.',
    ),
  overlapTokens: z.int().min(0).max(1_000).default(0).describe('Tokens that neighbouring chunks share.'),
  ...fileOptions,
  localModelPath: z
    .string()
    .optional()
    .describe('Folder of local transformers.js models. If not set: downloaded from the hub into `cacheDir`.'),
  keyHosts: z
    .array(z.string().regex(keyHost, 'expected hosts such as gateway.example or http://10.0.0.7:4000'))
    .default([])
    .describe(
      'Hosts, beside a provider’s own, to which keys of providers may be sent where a model in the database has such a base URL: `gateway.example` (any port), `gateway.example:8443`, or `http://10.0.0.7:4000` without TLS. In the environment separated by commas. A base URL that no option names gets no key.',
    ),
  modelLimits: z
    .record(
      z.string(),
      z.strictObject({
        requestsPerMinute: z.int().min(1).nullable().optional().describe('Null: no limit.'),
        tokensPerMinute: z.int().min(1).nullable().optional().describe('Null: no limit.'),
        concurrency: z.int().min(1).optional().describe('Concurrent requests.'),
        batchItems: z.int().min(1).optional().describe('Texts in one request.'),
        batchTokens: z.int().min(1).optional().describe('Tokens in one request.'),
        maxInputTokens: z.int().min(16).optional().describe('Tokens of one text.'),
        requestTimeoutMs: z.int().min(1).optional().describe('Milliseconds after which a request fails.'),
        maxAttempts: z.int().min(1).optional().describe('Attempts per request.'),
      }),
    )
    .default({})
    .describe('By model name: what your account or server allows, if it differs from the catalogue.'),
  ...indexOptions,
  cacheDir: z
    .string()
    .default(join(homedir(), '.cache', 'revector'))
    .describe('Folder for files that can be recreated.'),
  languageModel: languageModelOptions
    .optional()
    .describe(
      'The language model that answers questions; also REVECTOR_LANGUAGE_MODEL=provider:model and REVECTOR_LANGUAGE_MODEL_URL. If not set, answers consist of sentences of the documents.',
    ),
  fusionWeights: z
    .record(z.string(), z.number().positive())
    .default({})
    .describe('Weight by model name when several models are searched at once; default 1.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('warn')
    .describe('Lowest level of log lines on standard error. Files always get `info` and above.'),
  logDir: z
    .string()
    .optional()
    .describe('Folder for logs as JSON lines, rotated. If not set: standard error only.'),
  serve: serveOptions.prefault({}).describe('The service (`revector serve`).'),
})

export type Options = z.input<typeof optionsSchema>
export type Config = z.output<typeof optionsSchema> & {
  /** Keys of hosted providers by their usual names. Never logged, never in an error. */
  readonly keys: Readonly<Record<string, string | undefined>>
  /** libpq's variables and what they refer to: for what `databaseUrl` does not say. May hold a password. */
  readonly connectionEnvironment: Readonly<Record<string, string | undefined>>
  /** What may not be as the environment was meant: to be told when the database is opened. */
  readonly warnings: readonly string[]
}

export const environmentNames = {
  databaseUrl: 'DATABASE_URL',
  directDatabaseUrl: 'DIRECT_DATABASE_URL',
  dataDir: 'REVECTOR_DATA_DIR',
  schema: 'REVECTOR_SCHEMA',
  keyHosts: 'REVECTOR_KEY_HOSTS',
  localModelPath: 'REVECTOR_LOCAL_MODELS',
  cacheDir: 'REVECTOR_CACHE_DIR',
  logLevel: 'REVECTOR_LOG_LEVEL',
  logDir: 'REVECTOR_LOG_DIR',
} as const satisfies Partial<Record<keyof Options, string>>

/** More than one variable for one option. */
export const languageModelNames = {
  model: 'REVECTOR_LANGUAGE_MODEL',
  url: 'REVECTOR_LANGUAGE_MODEL_URL',
} as const

export const keyNames = [
  'OPENAI_API_KEY',
  'COHERE_API_KEY',
  'GOOGLE_GENERATIVE_AI_API_KEY',
  'GEMINI_API_KEY',
  'MISTRAL_API_KEY',
  'VOYAGE_API_KEY',
  'OPENAI_COMPATIBLE_API_KEY',
  'AZURE_OPENAI_API_KEY',
] as const

/** @throws RevectorError CONFIG_INVALID with one sentence about the first problem */
export function readConfig(options: Options = {}, from: { file?: string } = {}): Config {
  const env = process.env
  const fromEnvironment = Object.fromEntries(
    Object.entries(environmentNames).flatMap(([option, name]) => {
      const value = env[name]
      if (value === undefined || value === '') return []
      return [[option, option === 'keyHosts' ? value.split(/[\s,]+/).filter((host) => host !== '') : value]]
    }),
  )
  const fromFile = from.file === undefined ? {} : readConfigFile(from.file)
  const language = languageModelFrom(env, fromFile)
  const given = definedOnly(options)
  const merged: Record<string, unknown> = {
    ...withoutServer(fromFile, given),
    ...withoutServer(fromEnvironment, given),
    ...(language === undefined ? {} : { languageModel: language }),
    ...given,
  }
  const named = merged['databaseUrl'] === undefined ? namedServer(env) : undefined
  const folder = merged['dataDir'] !== undefined
  const parsed = optionsSchema.safeParse({
    ...merged,
    // All of it comes from the environment then.
    ...(named === undefined || folder ? {} : { databaseUrl: 'postgresql://' }),
  })
  if (!parsed.success) throw invalid(parsed.error, from.file)
  const keys = Object.fromEntries(keyNames.map((name) => [name, env[name]]))
  return {
    ...parsed.data,
    dataDir: resolve(parsed.data.dataDir),
    keys,
    connectionEnvironment: connectionEnvironment(env),
    // A folder in the call is meant; one in the environment may be another's default.
    warnings: named !== undefined && folder && given.dataDir === undefined ? [overruled(named)] : [],
  }
}

/**
 * `provider:model`, and the URL beside it. Naming the same model as the file keeps the file's limits.
 *
 * @throws RevectorError CONFIG_INVALID
 */
function languageModelFrom(
  env: NodeJS.ProcessEnv,
  { languageModel: ofFile }: { readonly languageModel?: unknown },
): object | undefined {
  const named = env[languageModelNames.model]
  const baseUrl = env[languageModelNames.url]
  const address = baseUrl === undefined || baseUrl === '' ? {} : { baseUrl }
  const before = typeof ofFile === 'object' && ofFile !== null ? ofFile : undefined
  if (named === undefined || named === '') return before === undefined ? undefined : { ...before, ...address }
  const [, provider, model] = /^([^:]+):(.+)$/.exec(named) ?? []
  if (!languageProviderNames.some((name) => name === provider)) {
    throw new RevectorError(
      'CONFIG_INVALID',
      `${languageModelNames.model}: expected provider:model, got "${named}".`,
      {
        hint: `For example, openai:gpt-5-mini. Providers: ${languageProviderNames.join(', ')}.`,
        data: { option: 'languageModel' },
      },
    )
  }
  return { ...before, provider, model, ...address }
}

/** A folder named in the call wins over a DATABASE_URL in the environment or a file. */
function withoutServer(
  outer: Record<string, unknown>,
  given: { readonly dataDir?: unknown; readonly databaseUrl?: unknown },
): Record<string, unknown> {
  if (given.dataDir === undefined || given.databaseUrl !== undefined) return outer
  const { databaseUrl: _server, ...rest } = outer
  return rest
}

function readConfigFile(file: string): Record<string, unknown> {
  const hint = 'Pass --config the path of a JSON file that contains an object of options.'
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new RevectorError('CONFIG_INVALID', `The configuration file ${file} cannot be read.`, {
      hint,
      cause,
    })
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (cause) {
    throw new RevectorError('CONFIG_INVALID', `The configuration file ${file} is not JSON.`, { hint, cause })
  }
  throw new RevectorError('CONFIG_INVALID', `The configuration file ${file} does not contain an object.`, {
    hint,
  })
}

function invalid(error: z.ZodError, file: string | undefined): RevectorError {
  const issue = error.issues[0]
  const option = issue?.path.join('.') ?? ''
  const variable = Object.entries(environmentNames).find(([name]) => name === option)?.[1]
  const places = [variable, file].filter((place) => place !== undefined)
  return new RevectorError('CONFIG_INVALID', wrongOption(issue, option), {
    hint:
      places.length === 0
        ? 'See the configuration reference.'
        : `Correct it where it was given (${places.join(', ')}, or in the call); see the configuration reference.`,
    data: { option },
  })
}

function wrongOption(issue: z.core.$ZodIssue | undefined, option: string): string {
  if (issue?.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => `"${option === '' ? key : `${option}.${key}`}"`)
    return `There is no option ${names.join(', ')}.`
  }
  return `${option === '' ? '' : `Option ${option}: `}${issue?.message ?? 'invalid'}.`
}
