import { encodeModel, type Node, type Tensor } from './onnx.ts'
import {
  type Dense,
  heads,
  type Layer,
  type Norm,
  normEpsilon,
  tokenWidth,
  type Weights,
  width,
} from './weights.ts'

/**
 * The encoder as an ONNX model.
 *
 * Inputs: `ids` int64 [texts, tokens]; `mask` float [texts, tokens], 1 where there is a token, 0 where a shorter
 * text is padded; `timing` float [tokens, 256]. Output: `embedding` float [texts, 512], length 1.
 */
export function encodeGraph(weights: Weights): Uint8Array {
  const graph = createBuilder()
  const { add, float, ints } = graph
  const embeddings = graph.tensor(
    'embeddings',
    [weights.embeddings.length / tokenWidth, tokenWidth],
    weights.embeddings,
  )
  const token = add('Gather', [embeddings, 'ids'])
  let hidden = add('Add', [add('Add', [token, token]), 'timing'])

  // Padded places get so low a score that softmax makes it 0.
  const absent = add('Sub', [float('one', 1), 'mask'])
  const penalty = add('Mul', [add('Unsqueeze', [absent, ints('axes_1_2', [1, 2])]), float('lowest', -1e9)])
  for (const layer of weights.layers) hidden = addLayer(graph, layer, hidden, penalty)

  const present = add('Mul', [hidden, add('Unsqueeze', ['mask', ints('axis_2', [2])])])
  const axis1 = ints('axis_1', [1])
  const sum = add('ReduceSum', [present, axis1], { keepdims: 0 })
  const length = add('ReduceSum', ['mask', axis1], { keepdims: 1 })
  const mean = add('Div', [sum, length])
  add(
    'LpNormalization',
    [add('Tanh', [addDense(graph, weights.head, mean)])],
    { axis: -1, p: 2 },
    'embedding',
  )

  return encodeModel({
    inputs: [
      { name: 'ids', type: 'int64', shape: ['texts', 'tokens'] },
      { name: 'mask', type: 'float', shape: ['texts', 'tokens'] },
      { name: 'timing', type: 'float', shape: ['tokens', tokenWidth] },
    ],
    outputs: [{ name: 'embedding', type: 'float', shape: ['texts', width] }],
    tensors: graph.tensors,
    nodes: graph.nodes,
  })
}

function addLayer(graph: Builder, layer: Layer, hidden: string, penalty: string): string {
  const { add } = graph
  const attended = addAttention(graph, layer, addNorm(graph, layer.attentionNorm, hidden), penalty)
  const residual = layer.residual === null ? hidden : addDense(graph, layer.residual, hidden)
  const sum = add('Add', [addDense(graph, layer.attentionOutput, attended), residual])
  const expanded = add('Relu', [addDense(graph, layer.expand, addNorm(graph, layer.expandNorm, sum))])
  return add('Add', [addDense(graph, layer.contract, expanded), sum])
}

function addAttention(graph: Builder, layer: Layer, normed: string, penalty: string): string {
  const { add, float, ints } = graph
  const depth = layer.width / heads
  const thirds = ints(`thirds_${layer.width}`, [layer.width, layer.width, layer.width])
  const [queries, keys, values] = graph.split(addDense(graph, layer.queryKeyValue, normed), thirds)
  // 0 keeps a size: [texts, tokens, width] → [texts, tokens, heads, depth] → heads before tokens.
  const shape = ints(`heads_${layer.width}`, [0, 0, heads, depth])
  const byHead = (name: string, perm: number[]) => add('Transpose', [add('Reshape', [name, shape])], { perm })
  const scaled = add('Mul', [byHead(queries, [0, 2, 1, 3]), float(`scale_${depth}`, 1 / Math.sqrt(depth))])
  const scores = add('Add', [add('MatMul', [scaled, byHead(keys, [0, 2, 3, 1])]), penalty])
  const weighted = add('MatMul', [add('Softmax', [scores], { axis: -1 }), byHead(values, [0, 2, 1, 3])])
  const flat = ints(`flat_${layer.width}`, [0, 0, layer.width])
  return add('Reshape', [add('Transpose', [weighted], { perm: [0, 2, 1, 3] }), flat])
}

function addDense(graph: Builder, dense: Dense, input: string): string {
  const kernel = graph.tensor(`${dense.name}_kernel`, [dense.inputs, dense.outputs], dense.kernel)
  const bias = graph.tensor(`${dense.name}_bias`, [dense.outputs], dense.bias)
  return graph.add('Add', [graph.add('MatMul', [input, kernel]), bias])
}

function addNorm(graph: Builder, norm: Norm, input: string): string {
  const scale = graph.tensor(`${norm.name}_scale`, [norm.scale.length], norm.scale)
  const bias = graph.tensor(`${norm.name}_bias`, [norm.bias.length], norm.bias)
  return graph.add('LayerNormalization', [input, scale, bias], { axis: -1, epsilon: { float: normEpsilon } })
}

type Builder = ReturnType<typeof createBuilder>

/** Nodes in the order they are added; every method gives the name of what it adds. */
function createBuilder() {
  const nodes: Node[] = []
  const tensors = new Map<string, Tensor>()
  function tensor(name: string, shape: readonly number[], data: Tensor['data']): string {
    tensors.set(name, { name, shape, data })
    return name
  }
  return {
    nodes,
    get tensors(): readonly Tensor[] {
      return [...tensors.values()]
    },
    tensor,
    float: (name: string, value: number) => tensor(name, [1], Float32Array.of(value)),
    ints: (name: string, values: readonly number[]) =>
      tensor(name, [values.length], BigInt64Array.from(values, BigInt)),
    add(
      operator: string,
      inputs: readonly string[],
      attributes: Node['attributes'] = {},
      output = `${operator}_${nodes.length}`,
    ): string {
      nodes.push({ operator, inputs, outputs: [output], attributes })
      return output
    },
    /** Cuts the last axis into three. */
    split(input: string, sizes: string): [string, string, string] {
      const at = nodes.length
      const outputs: [string, string, string] = [`Split_${at}_0`, `Split_${at}_1`, `Split_${at}_2`]
      nodes.push({ operator: 'Split', inputs: [input, sizes], outputs, attributes: { axis: -1 } })
      return outputs
    },
  }
}
