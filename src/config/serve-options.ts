import * as z from 'zod'
import { searchAs } from '../wire/search-as.ts'

/** Options of the service, under `serve`. */
export const serveOptions = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. Any address but loopback is refused while there is no key.'),
  port: z.int().min(0).max(65_535).default(8080).describe('0: any free port.'),
  maxBodyBytes: z.int().min(1_000).default(10_000_000).describe('Larger JSON bodies are refused.'),
  maxUploadFiles: z.int().min(1).max(1_000).default(100).describe('Most files in one upload.'),
  maxUploadBytes: z
    .int()
    .min(1_000)
    .default(500_000_000)
    .describe('Total size of one upload. `maxFileBytes` also limits each file.'),
  maxConcurrentRequests: z
    .int()
    .min(1)
    .default(256)
    .describe('Concurrent requests; more get 503 with Retry-After.'),
  maxConcurrentUploads: z
    .int()
    .min(1)
    .default(4)
    .describe('Concurrent uploads of one key, and a quarter of those of all keys; each writes to the disk.'),
  maxStreams: z.int().min(1).default(200).describe('Concurrent event streams, of migrations and of answers.'),
  requestTimeoutMs: z
    .int()
    .min(1)
    .default(120_000)
    .describe('Milliseconds a request may take to arrive, including uploads.'),
  modelUrls: z
    .array(z.url({ protocol: /^https?$/ }))
    .default([])
    .describe('Base URLs that a model registered over HTTP may use. Commands may use any.'),
  requestsPerMinute: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(6_000)
    .describe('Per key, if the key has no limit of its own. Counted by each process.'),
  corsOrigins: z
    .array(z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin))
    .default([])
    .describe('Origins whose pages may call the service with a key. Empty: none.'),
  roles: z
    .strictObject({
      keys: z
        .record(z.string().min(1), searchAs)
        .default({})
        .describe('By name of an API key: the role that its requests read as.'),
      header: z
        .strictObject({
          name: z
            .string()
            .regex(/^[a-z0-9-]+$/, 'expected the name of a header, in lower case')
            .refine((name) => name !== 'authorization', 'expected a header of its own'),
          keys: z.array(z.string().min(1)).min(1).describe('Names of the keys of trusted proxies.'),
          role: searchAs.shape.role,
          setting: z
            .string()
            .default('request.jwt.claims')
            .describe('Gets the header’s value, in which policies find whose request it is.'),
        })
        .optional()
        .describe(
          'A header that a trusted proxy sets, such as the verified claims of its caller. Of requests with other keys it is not read; a request of these keys without it is refused.',
        ),
    })
    .prefault({})
    .superRefine(({ header, keys }, context) => {
      if (header === undefined) return
      const parsed = searchAs.safeParse({ role: header.role, settings: { [header.setting]: '' } })
      if (!parsed.success) {
        context.addIssue({
          code: 'custom',
          path: ['header', 'setting'],
          message: 'expected a name with a dot',
        })
      }
      for (const key of header.keys.filter((name) => name in keys)) {
        context.addIssue({
          code: 'custom',
          path: ['header', 'keys'],
          message: `${key} is also in roles.keys`,
        })
      }
    })
    .describe(
      'Keys whose requests read as a database role, under its row level security. They may search, ask, and read documents, and nothing else.',
    ),
  maxEventLoopDelayMs: z
    .int()
    .min(0)
    .default(3_000)
    .describe('Delay of the event loop, in milliseconds, above which requests are refused; 0: never.'),
  maxRssBytes: z
    .int()
    .min(0)
    .default(0)
    .describe('Resident memory, in bytes, above which requests are refused; 0: no limit.'),
  readyTimeoutMs: z
    .int()
    .min(1)
    .default(3_000)
    .describe('Milliseconds the database has to respond before `/readyz` fails.'),
  stopDelayMs: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Milliseconds between “not ready” and the last new connection when stopping, so that a load balancer notices.',
    ),
  stopTimeoutMs: z
    .int()
    .min(0)
    .default(30_000)
    .describe(
      'Milliseconds that requests have to finish when stopping, and the current batch of any command.',
    ),
})

export type ServeOptions = z.output<typeof serveOptions>
