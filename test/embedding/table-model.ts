/*
 * ONNX files are Protocol Buffers. This writes the smallest model of text there is, a table with a row for each
 * token; field numbers are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
 */

const [float32, int64] = [1, 7]

/** A model that gives each token of `input_ids` its row of the table, as `last_hidden_state`. */
export function encodeTableModel(table: Float32Array, width: number): Uint8Array {
  const tokens = ['input_ids', 'attention_mask', 'token_type_ids']
  const graph = [
    field(1, [field(1, 'table'), field(1, 'input_ids'), field(2, 'last_hidden_state'), field(4, 'Gather')]),
    field(2, 'graph'),
    field(5, [
      ...[field(1, table.length / width), field(1, width), field(2, float32), field(8, 'table')],
      field(9, new Uint8Array(table.buffer)),
    ]),
    ...tokens.map((name) => field(11, value(name, int64, ['texts', 'tokens']))),
    field(12, value('last_hidden_state', float32, ['texts', 'tokens', width])),
  ]
  return Buffer.concat([field(1, 9), field(7, graph), field(8, [field(1, ''), field(2, 18)])])
}

/** A string among the sizes is one that differs from run to run. */
function value(name: string, type: number, sizes: readonly (string | number)[]): Buffer[] {
  const shape = sizes.map((size) => field(1, [field(typeof size === 'string' ? 2 : 1, size)]))
  return [field(1, name), field(2, [field(1, [field(1, type), field(2, shape)])])]
}

/** A key (number × 8 + wire type), then a varint, or a length and bytes. */
function field(number: number, content: number | string | Uint8Array | readonly Uint8Array[]): Buffer {
  if (typeof content === 'number') return Buffer.from([number * 8, ...varint(content)])
  const bytes = Array.isArray(content) ? Buffer.concat(content) : Buffer.from(content as string | Uint8Array)
  return Buffer.concat([Buffer.from([number * 8 + 2, ...varint(bytes.length)]), bytes])
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}
