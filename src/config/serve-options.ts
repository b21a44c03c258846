import * as z from 'zod'

/** Options of the service, under `serve`. */
export const serveOptions = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. Anything but loopback is refused while there is no key.'),
  port: z.int().min(0).max(65_535).default(8080).describe('0: any that is free.'),
  maxBodyBytes: z.int().min(1_000).default(10_000_000).describe('Larger JSON bodies are refused.'),
  maxUploadFiles: z.int().min(1).max(1_000).default(100).describe('Files of one upload.'),
  maxUploadBytes: z
    .int()
    .min(1_000)
    .default(500_000_000)
    .describe('All files of one upload together. Each is held to `maxFileBytes` as well.'),
  maxConcurrentRequests: z
    .int()
    .min(1)
    .default(256)
    .describe('Requests being answered at once; further ones are asked to come again.'),
  maxConcurrentUploads: z
    .int()
    .min(1)
    .default(4)
    .describe('Uploads being taken at once; each writes to the disk.'),
  maxStreams: z
    .int()
    .min(1)
    .default(200)
    .describe('Event streams open at once: of migrations and of answers.'),
  requestTimeoutMs: z
    .int()
    .min(1)
    .default(120_000)
    .describe('Milliseconds a request may take to arrive; uploads included.'),
  modelUrls: z
    .array(z.url({ protocol: /^https?$/ }))
    .default([])
    .describe('Addresses that a model registered over HTTP may name. Commands may name any.'),
  requestsPerMinute: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(6_000)
    .describe('Of one key, where it has no limit of its own. Counted by each process.'),
  corsOrigins: z
    .array(z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin))
    .default([])
    .describe('Sites whose pages may call the service, with a key. Empty: no other site’s.'),
  maxEventLoopDelayMs: z
    .int()
    .min(0)
    .default(3_000)
    .describe('Milliseconds the process may be behind before it turns requests away; 0: never.'),
  maxRssBytes: z
    .int()
    .min(0)
    .default(0)
    .describe('Bytes of memory from which requests are turned away; 0: no limit.'),
  readyTimeoutMs: z
    .int()
    .min(1)
    .default(3_000)
    .describe('Milliseconds the database has to answer before `/readyz` says that it does not.'),
  stopDelayMs: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Milliseconds between “not ready” and the last new connection when stopping, for a balancer to notice.',
    ),
  stopTimeoutMs: z
    .int()
    .min(0)
    .default(30_000)
    .describe('Milliseconds that requests have to come to their end when stopping.'),
})

export type ServeOptions = z.output<typeof serveOptions>
