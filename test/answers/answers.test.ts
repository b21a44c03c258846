import { beforeAll, describe, expect, it } from 'vitest'
import { estimateTokens } from '../../src/splitting/tokens.ts'
import { type TestCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines, embedded } from '../support/engines.ts'
import { answerCorpus, hear, lines, teller } from './corpus.ts'

describeEngines('answers', (engine) => {
  it('are sentences of the documents where no language model is configured', async () => {
    const corpus = await answerCorpus(engine)
    const { answer, events, text } = await hear(corpus, null, { query: 'How do I close the pool?' })
    expect(answer).toMatchObject({
      answered: true,
      mode: 'extractive',
      model: 'first',
      languageModel: null,
      removedCitations: 0,
      usage: null,
      coverage: { first: 1 },
    })
    expect(answer.answer).toContain('To close the pool, call end. [')
    expect(text).toBe(answer.answer)
    expect(events.map(({ type }) => type).slice(0, 3)).toEqual(['hits', 'citation', 'text'])
    const content = lines.join('\n')
    for (const citation of answer.citations) {
      expect(content.slice(citation.startOffset, citation.endOffset)).toBe(citation.quote)
      expect(answer.answer).toContain(`${citation.quote} [${citation.marker}]`)
      expect(citation.title).toBe('A title')
      expect(citation.headingPath[0]).toBe('Top')
    }
  })

  it('are written by a language model from the passages, and point to the sentence that says it', async () => {
    const corpus = await answerCorpus(engine)
    const { server, model } = await teller()
    server.says(({ user }) => [`Call end on the `, `pool [${numberOf(user, 'close the pool')}].`])
    const { answer, text } = await hear(corpus, model, { query: 'How do I close the pool?' })
    expect(answer).toMatchObject({
      answered: true,
      mode: 'generated',
      languageModel: 'openai-compatible:fake',
      removedCitations: 0,
      truncated: false,
      usage: { inputTokens: 7, outputTokens: 3 },
    })
    expect(answer.answer).toBe('Call end on the pool [1].')
    expect(text).toBe(answer.answer)
    expect(answer.citations).toMatchObject([{ marker: 1, quote: 'To close the pool, call end.' }])
    const [{ startOffset, endOffset, quote }] = answer.citations
    expect(lines.join('\n').slice(startOffset, endOffset)).toBe(quote)
  })

  it('have nothing to say where there are no documents', async () => {
    const corpus = await answerCorpus(engine, [])
    const { server, model } = await teller()
    for (const language of [null, model]) {
      const { answer } = await hear(corpus, language, { query: 'How do I close the pool?' })
      expect(answer).toMatchObject({ answered: false, reason: 'nothing_found', citations: [] })
    }
    expect(server.asked).toEqual([])
  })

  it('stay within what a filter and a score let through', async () => {
    const corpus = await answerCorpus(engine)
    const other = await writeLines(corpus, 'other.md', [
      'To close the shop, turn the key and call the owner.',
    ])
    const { answer } = await hear(corpus, null, {
      query: 'How do I close it, whom do I call?',
      filter: { documentIds: [other] },
    })
    expect(answer.citations.map((citation: { documentId: string }) => citation.documentId)).toEqual([other])
    const { answer: none } = await hear(corpus, null, { query: 'close the pool', minScore: 2 })
    expect(none).toMatchObject({ answered: false, reason: 'nothing_found' })
  })
})

describe('questions in other languages', () => {
  it.each([
    [
      'Chinese',
      '连接池保持连接打开，供其他客户端以后使用。',
      '要关闭连接池，请调用结束方法。',
      '如何关闭连接池？',
    ],
    [
      'Japanese',
      'プールは接続を開いたままにします。',
      'プールを閉じるには、終了メソッドを呼び出します。',
      'プールを閉じるにはどうすればよいですか？',
    ],
    ['Thai', 'พูลเก็บการเชื่อมต่อไว้ให้ลูกค้าคนอื่น', 'หากต้องการปิดพูลให้เรียกใช้คำสั่งสิ้นสุด', 'จะปิดพูลได้อย่างไร'],
    [
      'Hindi',
      'पूल कनेक्शन खुले रखता है ताकि दूसरे उन्हें ले सकें।',
      'पूल बंद करने के लिए समाप्ति विधि को कॉल करें।',
      'पूल कैसे बंद करें?',
    ],
    [
      'Spanish, without its accents',
      'El grupo mantiene abiertas las conexiones.',
      'Para cerrar la conexión, llame al método de terminación.',
      'como cerrar la conexion',
    ],
  ])('find the sentence that answers them: %s', async (_, other, sentence, query) => {
    const corpus = await answerCorpus(embedded, [other, sentence])
    const { answer } = await hear(corpus, null, { query })
    expect(answer).toMatchObject({ answered: true })
    expect(answer.citations.map(({ quote }: { quote: string }) => quote)).toContain(sentence)
  })
})

/** The number under which a passage that contains this was given. */
function numberOf(prompt: string, words: string): string {
  const passage = prompt.split(/<passage-[0-9a-f]+ number="/).find((part) => part.includes(words))
  return passage?.match(/^\d+/)?.[0] ?? 'none'
}

describe('a generated answer', () => {
  let corpus: TestCorpus
  beforeAll(async () => {
    corpus = await answerCorpus(embedded)
  })

  it('loses citations of passages that were not given, and says how many', async () => {
    const { server, model } = await teller()
    server.says(['The pool is closed by end [', '99] and [0] by hand [1][42].'])
    const { answer, text } = await hear(corpus, model, { query: 'How do I close the pool?' })
    expect(answer.answer).toBe('The pool is closed by end and by hand [1].')
    expect(text).toBe(answer.answer)
    expect(answer).toMatchObject({ removedCitations: 3, answered: true })
    expect(answer.citations).toHaveLength(1)
  })

  it('counts its markers from 1 in the order of the text', async () => {
    const { server, model } = await teller()
    server.says(({ user }) => {
      const [pool, bread] = [numberOf(user, 'close the pool'), numberOf(user, 'Knead flour')]
      return [`Knead flour [${bread}]. Close the pool [${pool}]. Flour again: knead it [${bread}].`]
    })
    const { answer, events } = await hear(corpus, model, {
      query: 'How do I close the pool and knead flour?',
    })
    expect(answer.answer).toBe('Knead flour [1]. Close the pool [2]. Flour again: knead it [1].')
    expect(answer.citations.map(({ marker }: { marker: number }) => marker)).toEqual([1, 2])
    expect(events.filter(({ type }) => type === 'citation')).toHaveLength(2)
    // A citation is known before its marker is read.
    const order = events.map(({ type }) => type)
    expect(order.indexOf('citation')).toBeLessThan(order.indexOf('text', order.indexOf('citation')))
  })

  it('may cite two sentences of one passage', async () => {
    const { server, model } = await teller()
    server.says(({ user }) => {
      const pool = numberOf(user, 'close the pool')
      return [`Call end to close the pool [${pool}]. It waits until every client was given back [${pool}].`]
    })
    const { answer } = await hear(corpus, model, { query: 'How do I close the pool?' })
    expect(answer.citations.map(({ quote }: { quote: string }) => quote)).toEqual([
      'To close the pool, call end.',
      'It waits until every borrowed client was given back.',
    ])
  })

  it('is none when the model finds nothing in the passages', async () => {
    const { server, model } = await teller()
    for (const words of [
      ['NOT_IN', '_PASSAGES'],
      ['NOT_IN_PASSAGES. The passages speak of bread [1].'],
      ['"NOT_IN_PASSAGES"'],
      ['**NOT\\_IN', '\\_PASSAGES**'],
      ['Not in passages.'],
      ['[99]'],
    ]) {
      server.says(words)
      const { answer, text } = await hear(corpus, model, { query: 'What does the pool cost?' })
      expect(answer).toMatchObject({
        answered: false,
        reason: 'not_in_passages',
        citations: [],
        mode: 'generated',
      })
      expect(text).toBe(answer.answer)
      expect(text).not.toContain('NOT_IN')
    }
    server.says(['NOT', ' in doubt: call end [1].'])
    expect((await hear(corpus, model, { query: 'How to close the pool?' })).answer.answer).toBe(
      'NOT in doubt: call end [1].',
    )
  })

  it('is none when the model says so at its end, and its mark is not read', async () => {
    const { server, model } = await teller()
    server.says(['The passages do not say it. NOT', '_IN_PASS', 'AGES.'])
    const none = await hear(corpus, model, { query: 'What does the pool cost?' })
    expect(none.answer).toMatchObject({
      answered: false,
      reason: 'not_in_passages',
      answer: 'The passages do not say it.',
    })
    expect(none.text.trimEnd()).toBe(none.answer.answer)
    server.says(['Call end [1]. NOT_IN_PASSAGES: the price.'])
    const some = await hear(corpus, model, { query: 'How to close the pool, and what does it cost?' })
    expect(some.answer).toMatchObject({ answered: true, answer: 'Call end [1]. : the price.' })
  })

  it('repeats no marker that stands there', async () => {
    const { server, model } = await teller()
    server.says(['Call end [1][1][1, 1].'])
    const { answer } = await hear(corpus, model, { query: 'How do I close the pool?' })
    expect(answer.answer).toBe('Call end [1].')
  })

  it('is not asked for when no passage has the words of the question', async () => {
    const { server, model } = await teller()
    const { answer } = await hear(corpus, model, {
      query: 'client flour kitchen zebra giraffe lion elephant rhinoceros antelope gorilla',
    })
    expect(answer).toMatchObject({ answered: false, reason: 'nothing_close' })
    expect(server.asked).toEqual([])
  })

  it('is asked for when the question is in another language', async () => {
    const { server, model } = await teller()
    server.says(({ user }) => [`Mit end [${numberOf(user, 'close the pool')}].`])
    const { answer } = await hear(corpus, model, { query: 'Wie macht man das wieder zu?' })
    expect(answer).toMatchObject({ answered: true, answer: 'Mit end [1].' })
    // No word in common: the whole passage is the quote.
    expect(answer.citations[0].quote).toBe('To close the pool, call end.')
    const { answer: without } = await hear(corpus, null, { query: 'Wie macht man das wieder zu?' })
    expect(without).toMatchObject({ answered: false, reason: 'nothing_close' })
  })

  it('may be refused for an extractive one, and is an error where none can be had', async () => {
    const { server, model } = await teller()
    const request = { query: 'How do I close the pool?' } as const
    expect((await hear(corpus, model, { ...request, mode: 'extractive' })).answer.mode).toBe('extractive')
    expect(server.asked).toEqual([])
    expect((await hear(corpus, null, { ...request, mode: 'generated' })).error.code).toBe(
      'LANGUAGE_MODEL_MISSING',
    )
  })

  it('ends with an error after its hits when the provider fails, and with what was said when it breaks off', async () => {
    const { server, model } = await teller()
    server.fail({ status: 500 }, { status: 500 })
    const failed = await hear(corpus, model, { query: 'How do I close the pool?' })
    expect(failed.events.map(({ type }) => type)).toEqual(['hits'])
    expect(failed.error.code).toBe('PROVIDER_UNAVAILABLE')
    server.says(['Call end. ', 'It ', 'closes.'])
    server.fail('cut')
    const broken = await hear(corpus, model, { query: 'How do I close the pool?' })
    expect(broken.text).toContain('Call end.')
    expect(broken.answer).toBeUndefined()
    expect(broken.error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', data: { broke_off: true } })
  })

  it('says that it was cut at the most tokens', async () => {
    const { server, model } = await teller()
    server.says(['Call end on the'])
    server.fail('length')
    expect((await hear(corpus, model, { query: 'How do I close the pool?' })).answer).toMatchObject({
      truncated: true,
      answer: 'Call end on the',
    })
  })

  it('is interrupted by its signal', async () => {
    const { server, model } = await teller()
    server.fail('hang')
    const controller = new AbortController()
    const heard = hear(corpus, model, { query: 'How do I close the pool?', signal: controller.signal })
    await server.requested()
    controller.abort()
    expect((await heard).error.code).toBe('INTERRUPTED')
    await server.left
  })
})

describe('the passages', () => {
  it('fit into the context, the best ones first', async () => {
    const long = Array.from(
      { length: 30 },
      (_, n) => `The pool number ${n} ${'holds many connections of clients '.repeat(12)}${n}.`,
    )
    const corpus = await answerCorpus(embedded, [...long, 'To close the pool, call end.'])
    const { server, model } = await teller({ contextTokens: 1_200, maxOutputTokens: 100 })
    server.says(['Call end [1].'])
    await hear(corpus, model, { query: 'How do I close the pool?', topK: 20 })
    const [asked] = server.asked
    const given = asked?.user.match(/<passage-[0-9a-f]+ number=/g)?.length ?? 0
    expect(given).toBeGreaterThan(1)
    expect(given).toBeLessThan(20)
    expect((asked?.user.length ?? 0) + (asked?.system.length ?? 0)).toBeLessThan(1_100 * 4.5)
    expect(asked?.user).toContain('To close the pool, call end.')
  })

  it('fit in beside a long question, or the question is refused', async () => {
    const corpus = await answerCorpus(embedded)
    const { server, model } = await teller({ contextTokens: 1_500, maxOutputTokens: 100 })
    server.says(['Call end [1].'])
    const long = `How do I close the pool of my clients? ${'It is the one with the connections. '.repeat(20)}`
    expect((await hear(corpus, model, { query: long })).answer).toMatchObject({ answered: true })
    const { error } = await hear(corpus, model, { query: long.repeat(8) })
    expect(error).toMatchObject({ code: 'INVALID_INPUT', data: { field: 'query' } })
    expect(error.message).toContain('too long for the language model')
    const { model: small } = await teller({ contextTokens: 1_000, maxOutputTokens: 900 })
    expect((await hear(corpus, small, { query: 'How do I close the pool?' })).error.code).toBe(
      'CONFIG_INVALID',
    )
    expect(server.asked).toHaveLength(1)
  })

  it('are cut where even the best is longer than the room', async () => {
    for (const text of [
      `To close the pool, call end. ${'Then wait for every client of the pool. '.repeat(200)}`,
      `close pool ${'x'.repeat(20_000)}`,
      `关闭连接池 ${'请调用结束方法然后等待所有客户端'.repeat(300)}`,
    ]) {
      const corpus = await answerCorpus(embedded, [text])
      const { server, model } = await teller({ contextTokens: 1_500, maxOutputTokens: 100 })
      server.says(['Call end [1].'])
      const query = text.startsWith('关') ? '如何关闭连接池？' : 'How do I close the pool?'
      const { answer } = await hear(corpus, model, { query })
      expect(answer.citations).toHaveLength(1)
      expect(text).toContain(answer.citations[0].quote)
      const [asked] = server.asked
      expect(estimateTokens(`${asked?.system}${asked?.user}`)).toBeLessThan(1_400)
    }
  })

  it('are kept apart by a number in which they differ, and when one says more', async () => {
    const corpus = await answerCorpus(embedded, [
      'The pool of version 2 keeps connections open for at most 30 seconds before it lets go of them.',
      'The pool of version 3 keeps connections open for at most 60 seconds before it lets go of them.',
      'The pool of version 3 keeps connections open for at most 60 seconds before it lets go of them!',
    ])
    const { server, model } = await teller()
    server.says(['Both [1][2].'])
    await hear(corpus, model, { query: 'How long does the pool keep connections open?' })
    expect(server.asked[0]?.user.match(/<passage-[0-9a-f]+ number=/g)).toHaveLength(2)
  })

  it('are given once, however often a text is stored', async () => {
    const corpus = await answerCorpus(embedded)
    for (const n of [1, 2, 3]) {
      await writeLines(corpus, `copy-${n}.md`, [
        'To close the pool, call end. It waits until every borrowed client was given back!',
      ])
    }
    const { server, model } = await teller()
    server.says(['Call end [1].'])
    const { events } = await hear(corpus, model, { query: 'How do I close the pool?' })
    expect(server.asked[0]?.user.split('call end').length).toBe(2)
    const [hits] = events
    expect(hits?.type === 'hits' && hits.hits.map(({ rank }) => rank)).toEqual([1, 2, 3, 4])
  })

  it('are not looked for with a request that is wrong', async () => {
    const corpus = await answerCorpus(embedded, [])
    const wrong = [
      [{ query: '  ' }, 'query'],
      [{ query: 'x', topK: 51 }, 'topK'],
      [{ query: 'x', topK: 0 }, 'topK'],
      [{ query: 'x', mode: 'poetic' as never }, 'mode'],
    ] as const
    for (const [request, field] of wrong)
      expect((await hear(corpus, null, request)).error).toMatchObject({
        code: 'INVALID_INPUT',
        data: { field },
      })
  })
})
