// The clients of the http case, in a process of their own: what they cost is not taken from the service's time.
import autocannon from 'autocannon'

process.on('message', async ({ url, secret, callers, seconds, k, queries }) => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` }
  const requests = queries.map((vector) => ({
    method: 'POST',
    path: '/api/v1/search',
    headers,
    body: JSON.stringify({ query: 'anything', model: 'free', vector, top_k: k }),
  }))
  const result = await autocannon({ url, connections: callers, duration: seconds, requests })
  const wrong = result.errors + result.timeouts + result.non2xx
  process.send(
    wrong > 0
      ? { error: `${wrong} requests were not answered with 200` }
      : { perSecond: result.requests.total / result.duration, p99: result.latency.p99 },
  )
})
