import { describe, expect, test } from 'vitest'
import { isRevectorError } from '../../src/core/errors.ts'
import { openParser } from '../../src/ingest/open-parser.ts'
import { decodeText } from '../../src/parsing/decode.ts'
import { encodeAs } from './make-files.ts'

const samples = {
  german: 'Die Sitzung fand am Dienstag statt: größere Änderungen, 5 € Gebühr, „Zitat“ – und Schluss.',
  russian: 'Все люди рождаются свободными и равными в своем достоинстве и правах.',
  japanese: 'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。',
  chinese: '这是一个关于中国的问题,我们在这里说明他们为什么要学习这些方法。',
  traditional: '這是一個關於中國的問題,我們在這裡說明他們為什麼要學習這些方法。',
  korean: '모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.',
  greek: 'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.',
  thai: 'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ',
}

function utf16(text: string, bigEndian = false): Uint8Array {
  const bytes = Buffer.from(text, 'utf16le')
  return new Uint8Array(bigEndian ? bytes.swap16() : bytes)
}

describe('text without a declaration', () => {
  const cases: [name: string, bytes: Uint8Array, text: string, encoding: string][] = [
    ['ASCII', new TextEncoder().encode('plain'), 'plain', 'utf-8'],
    ['UTF-8', new TextEncoder().encode(samples.german), samples.german, 'utf-8'],
    ['UTF-8 with a mark', new TextEncoder().encode(`\ufeff${samples.german}`), samples.german, 'utf-8'],
    ['UTF-16LE with a mark', utf16(`\ufeff${samples.japanese}`), samples.japanese, 'utf-16le'],
    ['UTF-16BE with a mark', utf16(`\ufeff${samples.russian}`, true), samples.russian, 'utf-16be'],
    ['UTF-16LE without', utf16(samples.german), samples.german, 'utf-16le'],
    ['UTF-16BE without', utf16(samples.german, true), samples.german, 'utf-16be'],
    ['windows-1252', encodeAs(samples.german, 'windows-1252'), samples.german, 'windows-1252'],
    ['windows-1251', encodeAs(samples.russian, 'windows-1251'), samples.russian, 'windows-1251'],
    ['KOI8-R', encodeAs(samples.russian, 'koi8-r'), samples.russian, 'koi8-r'],
    ['Greek', encodeAs(samples.greek, 'windows-1253'), samples.greek, 'windows-1253'],
    ['Thai', encodeAs(samples.thai, 'windows-874'), samples.thai, 'windows-874'],
    ['Shift_JIS', encodeAs(samples.japanese, 'shift_jis'), samples.japanese, 'shift_jis'],
    ['EUC-JP', encodeAs(samples.japanese, 'euc-jp'), samples.japanese, 'euc-jp'],
    ['GBK', encodeAs(samples.chinese, 'gbk'), samples.chinese, 'gb18030'],
    ['Big5', encodeAs(samples.traditional, 'big5'), samples.traditional, 'big5'],
    ['EUC-KR', encodeAs(samples.korean, 'euc-kr'), samples.korean, 'euc-kr'],
  ]
  for (const [name, bytes, text, encoding] of cases) {
    test(name, () => {
      expect(decodeText(bytes)).toEqual({ text, encoding })
    })
  }

  test('Western European words are not taken for East Asian ones', () => {
    const words = [
      'naïve café',
      'Übergröße',
      'señor',
      'ÅÄÖ',
      'déjà vu, côté, élève',
      'Füße',
      'ÀÉÈ',
      '«à»',
      'smörgåsbord – 10 £',
    ]
    for (const text of words) {
      expect(decodeText(encodeAs(text, 'windows-1252'))).toEqual({ text, encoding: 'windows-1252' })
    }
  })
})

describe('a declared encoding', () => {
  test('is followed: by the sender, by the page', async () => {
    const parser = openParser()
    const page = (meta: string): string =>
      `<!doctype html><html><head>${meta}<title>题目</title></head><body><p>${samples.chinese}</p></body></html>`
    const cases: [Uint8Array, string | undefined, string][] = [
      [encodeAs(page('<meta charset="gbk">'), 'gbk'), undefined, 'gbk'],
      [
        encodeAs(page('<meta http-equiv="Content-Type" content="text/html; charset=gb2312">'), 'gbk'),
        undefined,
        'gbk',
      ],
      [encodeAs(page('<meta charset=utf-8>'), 'gbk'), 'text/html; charset="GBK"', 'gbk'],
      [utf16(`\ufeff${page('<meta charset=gbk>')}`), undefined, 'utf-16le'],
      [new TextEncoder().encode(page('<meta charset=utf-16>')), undefined, 'utf-8'],
      [new TextEncoder().encode(page('')), undefined, 'utf-8'],
    ]
    for (const [bytes, mediaType, encoding] of cases) {
      const parsed = await parser.parse({ bytes, mediaType })
      expect(parsed).toMatchObject({ title: '题目', text: samples.chinese, metadata: { encoding } })
    }
    await parser.close()
  })

  test('that nobody knows is refused when the sender names it, passed over in a page', () => {
    let thrown: unknown
    try {
      decodeText(new TextEncoder().encode('x'), { charset: 'klingon' })
    } catch (error) {
      thrown = error
    }
    expect(isRevectorError(thrown, 'PARSE_FAILED')).toBe(true)
    const page = '<meta charset="klingon"><p>Größe</p>'
    expect(decodeText(new TextEncoder().encode(page), { html: true })).toEqual({
      text: page,
      encoding: 'utf-8',
    })
  })
})
