/**
 * Every failure a user can meet, by stable code. `exit` is the command line's exit code, `status` the HTTP
 * status, `meaning` the sentence on the reference page. A message begins with what happened (expected, got) and
 * `hint` says what to do next.
 */
export const errorCatalogue = {
  // What the guide names.
  MODEL_DIMENSION_CONFLICT: {
    exit: 2,
    status: 409,
    meaning: 'A model with this name is registered with another dimension.',
  },
  EMBEDDING_DIMENSION_MISMATCH: {
    exit: 1,
    status: 502,
    meaning: 'A vector does not have the dimension of its model.',
  },
  VECTOR_COLUMN_MISSING: {
    exit: 1,
    status: 409,
    meaning: 'The vector column of a dimension has not been created.',
  },

  // Input.
  INVALID_INPUT: { exit: 2, status: 422, meaning: 'An argument, option or body is invalid.' },
  NOT_FOUND: { exit: 2, status: 404, meaning: 'A document, file or other named thing does not exist.' },
  CONFIG_INVALID: { exit: 2, status: 500, meaning: 'A configuration option is invalid.' },

  // Models.
  MODEL_UNKNOWN: { exit: 2, status: 404, meaning: 'No model with this name is registered.' },
  MODEL_SPACE_CONFLICT: {
    exit: 2,
    status: 409,
    meaning: 'A model with this name is registered as another vector space.',
  },
  MODEL_IN_USE: {
    exit: 3,
    status: 409,
    meaning: 'The model is current or being filled and cannot be removed.',
  },
  CORPUS_OF_APPLICATION: {
    exit: 3,
    status: 409,
    meaning: 'An application writes these documents or vectors: Revector does not.',
  },
  MODEL_UNPROVEN: {
    exit: 3,
    status: 409,
    meaning: 'It is not proved that a model made the vectors of an application’s table.',
  },
  MODEL_EMPTY: { exit: 3, status: 409, meaning: 'The model has too few vectors to be made current.' },
  DIMENSION_UNSUPPORTED: { exit: 2, status: 422, meaning: 'The dimension is not between 1 and 16,000.' },
  PROVIDER_UNAVAILABLE: { exit: 1, status: 503, meaning: 'A provider could not be reached or kept failing.' },
  PROVIDER_REFUSED: {
    exit: 1,
    status: 502,
    meaning: 'A provider rejected the request: wrong key, unknown model or bad request.',
  },
  PROVIDER_KEY_MISSING: { exit: 2, status: 503, meaning: 'The API key of a hosted provider is not set.' },
  PROVIDER_KEY_WITHHELD: {
    exit: 2,
    status: 503,
    meaning: 'An API key was not sent to an address that only the database names.',
  },
  PROVIDER_PACKAGE_MISSING: {
    exit: 1,
    status: 503,
    meaning: 'An optional package that a provider needs is not installed.',
  },
  PROVIDER_REPLY_INVALID: {
    exit: 1,
    status: 502,
    meaning: 'A provider did not reply with one valid vector for each text.',
  },
  RATE_LIMITED: { exit: 1, status: 503, meaning: 'A provider kept replying that its rate limit is reached.' },
  LANGUAGE_MODEL_MISSING: {
    exit: 2,
    status: 409,
    meaning: 'A generated answer was requested, but no language model is configured.',
  },

  // Model migrations.
  MIGRATION_UNKNOWN: { exit: 2, status: 404, meaning: 'The model migration does not exist.' },
  MIGRATION_CONFLICT: { exit: 3, status: 409, meaning: 'Another open model migration prevents this.' },
  MIGRATION_STATE: {
    exit: 3,
    status: 409,
    meaning: 'The state of the model migration does not allow the action.',
  },
  MIGRATION_PAUSED: {
    exit: 3,
    status: 409,
    meaning: 'A model migration paused while a caller waited for it to finish.',
  },
  GATE_FAILED: { exit: 3, status: 409, meaning: 'A check before the cut-over did not pass.' },
  BUDGET_EXCEEDED: { exit: 3, status: 409, meaning: 'The migration would cost more than its budget.' },
  MODEL_RETIRED: { exit: 3, status: 409, meaning: 'The provider has retired the model.' },

  // Files.
  PARSE_FAILED: { exit: 1, status: 422, meaning: 'A file could not be parsed as its type.' },
  PARSE_TIMEOUT: { exit: 1, status: 422, meaning: 'A file took longer to parse than allowed.' },
  PARSE_OUT_OF_MEMORY: {
    exit: 1,
    status: 422,
    meaning: 'A file needed more memory to parse than allowed.',
  },
  FILE_TOO_LARGE: { exit: 1, status: 413, meaning: 'A file is larger than allowed.' },
  FILE_TYPE_UNSUPPORTED: { exit: 1, status: 415, meaning: 'The type of a file is not supported.' },
  FILE_UNREADABLE: { exit: 1, status: 422, meaning: 'A file could not be opened.' },
  DOCUMENT_EMPTY: { exit: 1, status: 422, meaning: 'A document has no text.' },
  DOCUMENTS_FAILED: {
    exit: 1,
    status: 422,
    meaning: 'Some documents could not be ingested; all others were.',
  },

  // Databases.
  DATABASE_UNREACHABLE: { exit: 1, status: 503, meaning: 'The server could not be reached.' },
  DATABASE_AUTHENTICATION_FAILED: {
    exit: 1,
    status: 503,
    meaning: 'The server rejected the user or the password.',
  },
  DIRECT_URL_MISSING: {
    exit: 2,
    status: 503,
    meaning: 'A connection pooler changes backends between statements, and no direct URL is configured.',
  },
  DATABASE_MISSING: { exit: 1, status: 503, meaning: 'The server has no database with this name.' },
  DATABASE_TOO_OLD: { exit: 1, status: 503, meaning: 'PostgreSQL 15 or newer is needed.' },
  DATABASE_PERMISSION_DENIED: { exit: 1, status: 503, meaning: 'The database user lacks a permission.' },
  ROLE_UNAVAILABLE: {
    exit: 2,
    status: 503,
    meaning: 'The role to search as does not exist, or the database user may not become it.',
  },
  ROW_SECURITY_INACTIVE: {
    exit: 3,
    status: 503,
    meaning: 'No row level security holds for the role to search as, which would see every row.',
  },
  DATABASE_READ_ONLY: {
    exit: 1,
    status: 503,
    meaning: 'The database takes no writes: it is a standby, or set to read-only. Searches work.',
  },
  DATABASE_FULL: { exit: 1, status: 503, meaning: 'The disk of the database is full.' },
  DATABASE_FAILED: { exit: 1, status: 500, meaning: 'The database rejected a statement.' },
  DATABASE_BUSY: { exit: 3, status: 503, meaning: 'A lock was not granted in time.' },
  EXTENSION_MISSING: { exit: 1, status: 503, meaning: 'The pgvector extension is not installed.' },
  EXTENSION_TOO_OLD: { exit: 1, status: 503, meaning: 'pgvector 0.8 or newer is needed.' },
  FOLDER_IN_USE: { exit: 3, status: 503, meaning: 'Another process has the data folder open.' },
  FOLDER_UNUSABLE: { exit: 1, status: 503, meaning: 'The data folder cannot be opened.' },

  // Schema.
  SCHEMA_MISSING: { exit: 1, status: 503, meaning: 'The database has not been set up.' },
  SCHEMA_BEHIND: {
    exit: 1,
    status: 503,
    meaning: 'The database is at an older revision than the program needs.',
  },
  SCHEMA_NEWER: { exit: 1, status: 503, meaning: 'The database is newer than the program.' },
  UPGRADE_REFUSED: { exit: 3, status: 409, meaning: 'A table cannot be adopted as it is.' },
  UPGRADE_MODEL_UNKNOWN: {
    exit: 2,
    status: 422,
    meaning: 'Revector does not know which model made the vectors of the old table.',
  },
  ROLLBACK_REFUSED: {
    exit: 3,
    status: 409,
    meaning: 'The old layout cannot be restored without losing vectors.',
  },
  BACKUP_FAILED: { exit: 1, status: 500, meaning: 'The backup or restore did not complete.' },
  BACKUP_TOOL_MISSING: {
    exit: 1,
    status: 500,
    meaning: 'pg_dump or pg_restore is missing or older than the server.',
  },

  // Requests over HTTP.
  REQUEST_MALFORMED: { exit: 2, status: 400, meaning: 'A request, its URL or its body is malformed.' },
  UNAUTHENTICATED: { exit: 2, status: 401, meaning: 'A request has no API key, or an invalid one.' },
  FORBIDDEN: { exit: 2, status: 403, meaning: 'The API key does not allow the request.' },
  KEY_EXISTS: { exit: 2, status: 409, meaning: 'A valid key with this name exists already.' },
  KEY_REQUIRED: {
    exit: 3,
    status: 503,
    meaning: 'The service would be open to the network without an API key.',
  },
  METHOD_NOT_ALLOWED: { exit: 2, status: 405, meaning: 'The URL exists, but not with this method.' },
  REQUEST_TIMEOUT: { exit: 1, status: 408, meaning: 'A request did not arrive completely in time.' },
  IDEMPOTENCY_CONFLICT: {
    exit: 2,
    status: 409,
    meaning: 'An Idempotency-Key belongs to another request, or to one that is still being processed.',
  },
  REQUEST_TOO_LARGE: { exit: 2, status: 413, meaning: 'A request is larger than allowed.' },
  MEDIA_TYPE_UNSUPPORTED: {
    exit: 2,
    status: 415,
    meaning: 'The media type of a body is not supported here.',
  },
  TOO_MANY_REQUESTS: { exit: 1, status: 429, meaning: 'The API key exceeded its request limit.' },
  OVERLOADED: { exit: 1, status: 503, meaning: 'The service is at capacity.' },
  STOPPING: { exit: 1, status: 503, meaning: 'The service is stopping.' },

  // Running.
  CONSENT_MISSING: {
    exit: 3,
    status: 409,
    meaning: 'The action needs confirmation: at a terminal, as --yes, or as `consent` in a body.',
  },
  INTERRUPTED: { exit: 130, status: 499, meaning: 'The work was interrupted; what was committed stays.' },
  INTERNAL: { exit: 1, status: 500, meaning: 'An internal error of Revector.' },
} as const satisfies Record<string, { exit: number; status: number; meaning: string }>

export type ErrorCode = keyof typeof errorCatalogue

export type ErrorData = Readonly<Record<string, unknown>>

/** The one error type that leaves Revector. Callers distinguish errors by `code`, never by message. */
export class RevectorError extends Error {
  override readonly name = 'RevectorError'
  readonly code: ErrorCode
  /** What to do next, one sentence. */
  readonly hint: string
  /** Values that belong to the code, e.g. `{ model, expected, received }`. Never a secret. */
  readonly data: ErrorData

  constructor(
    code: ErrorCode,
    message: string,
    details: { hint?: string; data?: ErrorData; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.hint = details.hint ?? ''
    this.data = details.data ?? {}
  }
}

export function isRevectorError(error: unknown, code?: ErrorCode): error is RevectorError {
  return error instanceof RevectorError && (code === undefined || error.code === code)
}

/** The error that every long call throws when its `AbortSignal` aborts. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interrupted(signal)
}

export function interrupted(signal?: AbortSignal): RevectorError {
  return new RevectorError('INTERRUPTED', 'Interrupted: what was committed so far is kept.', {
    hint: 'Run the same command again to continue from there.',
    cause: signal?.reason,
  })
}
