import type { Command } from 'commander'
import { counted } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import type { Answer, AnswerMode, Citation } from '../library/revector.ts'
import { answer as answerSchema } from '../wire/answer.ts'
import { encode } from '../wire/codec.ts'
import { oneOf, wholeNumber } from './arguments.ts'
import {
  addFilter,
  addServe,
  filterOf,
  missingCoverage,
  type PassageFlags,
  placeOf,
  servedInstead,
  serveOrModel,
} from './passage-options.ts'
import type { Context, Start } from './run.ts'
import type { Terminal } from './terminal.ts'
import { plain, seconds, wrap } from './text.ts'

interface Flags extends PassageFlags {
  readonly topK?: number
  readonly mode?: AnswerMode
}

export function addAsk(program: Command, start: Start): void {
  const command = program
    .command('ask')
    .summary('answer a question from the documents')
    .description(
      'Answers a question from the documents, with citations. A language model writes the answer if one is configured ' +
        '(REVECTOR_LANGUAGE_MODEL); otherwise it consists of sentences of the documents.',
    )
    .argument('<question>', 'the question')
    .option('--model <name>', 'find passages with this embedding model; default: the current one')
  addServe(command)
    .option('--top-k <n>', 'passages the answer may use, 1 to 50; default: 8', wholeNumber('--top-k', 1, 50))
    .option(
      '--mode <how>',
      'generated (by the language model) or extractive (sentences of the documents)',
      oneOf('--mode', ['generated', 'extractive']),
    )
  addFilter(command, 'from')
    .addHelpText(
      'after',
      `
Examples:
  $ revector ask "how do I close the pool?"
  $ REVECTOR_LANGUAGE_MODEL=openai:gpt-5-mini revector ask "what changed in March?" --where team=data`,
    )
    .action((question: string, flags: Flags) => start((context) => run(context, question, flags)))
}

async function run(context: Context, question: string, flags: Flags): Promise<undefined> {
  const { model, serve, topK, minScore, mode } = flags
  if (serve !== undefined && model !== undefined) throw serveOrModel(serve)
  const { signal, onProgress } = context.longCall()
  const events = context.revector.answers.stream({
    query: question,
    filter: filterOf(flags),
    signal,
    onProgress,
    modelName: model,
    serve,
    topK,
    minScore,
    mode,
  })
  const { terminal } = context
  let passages = 0
  let answer: Answer | undefined
  for await (const event of events) {
    if (event.type === 'hits') passages = event.hits.length
    // At a terminal the answer is printed as it arrives; a script gets one document.
    if (event.type === 'text' && !terminal.json) context.write(event.text)
    if (event.type === 'done') answer = event.answer
  }
  if (answer === undefined) throw new RevectorError('INTERNAL', 'An answer ended without its last event.')
  const made = answer
  context.result(encode(answerSchema, made), () => ['', ...sources(made, terminal)].join('\n'))
  if (!terminal.json) terminal.note(terminal.noteStyle.dim(summary(made, passages)))
}

function sources(answer: Answer, terminal: Terminal): readonly string[] {
  return [
    ...answer.citations.flatMap((citation) => ['', ...sourceText(citation, terminal)]),
    ...remarks(answer).flatMap((remark) => ['', terminal.style.yellow(remark)]),
  ]
}

function sourceText(citation: Citation, { style, width }: Terminal): readonly string[] {
  const [title, source] = placeOf(citation, style)
  const mark = `[${citation.marker}]`
  const indent = ' '.repeat(mark.length + 1)
  return [
    `${style.green(mark)} ${title}`,
    indent + source,
    ...wrap(`“${plain(citation.quote)}”`, width - indent.length).map((line) => indent + line),
  ]
}

function remarks(answer: Answer): readonly string[] {
  const { serving, coverage } = answer
  const models = Object.keys(coverage)
  return [
    ...servedInstead({ models, coverage, serving }),
    ...(answer.truncated ? ['The answer was cut off at the most tokens allowed (maxOutputTokens).'] : []),
    ...(answer.answered && answer.citations.length === 0
      ? ['This answer has no citations: the documents may not support it.']
      : []),
    ...(answer.removedCitations === 0
      ? []
      : [`Removed ${counted(answer.removedCitations, 'citation')} of passages that do not exist.`]),
    ...missingCoverage({ models: [answer.model], coverage, serving }),
  ]
}

function summary({ mode, languageModel, coverage, tookMs }: Answer, passages: number): string {
  const by = mode === 'generated' ? `written by ${languageModel}` : 'sentences quoted from the documents'
  return `\n${by} · ${counted(passages, 'passage')} · ${Object.keys(coverage).join(' + ')} · ${seconds(tookMs / 1_000)}`
}
