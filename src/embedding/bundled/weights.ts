import { open, readFile, stat } from 'node:fs/promises'
import { modelFile } from './files.ts'
import { allocateMemory, pack, type SharedMemory } from './matmul.ts'

/** Numbers of a text the model takes; a longer text is embedded in windows. */
export const maxTokens = 128
/** Dimension of its vectors. */
export const width = 512
/** Width of a token's vector before the first layer. */
export const tokenWidth = 256
/** Width of a layer's widest product. */
export const innerWidth = 1536
export const heads = 4
export const normEpsilon = 1.0000001e-6

/** output = input · kernel + bias; `kernel` is inputs × outputs, packed for `matmul.ts`. */
export interface Dense {
  readonly inputs: number
  readonly outputs: number
  readonly kernel: Float32Array
  readonly bias: Float32Array
}

export interface Norm {
  readonly scale: Float32Array
  readonly bias: Float32Array
}

/** One layer of a pre-norm transformer. */
export interface Layer {
  /** Width of what comes in; 512 goes out. */
  readonly width: number
  readonly attentionNorm: Norm
  /** Queries, keys and values, side by side. */
  readonly queryKeyValue: Dense
  readonly attentionOutput: Dense
  /** Widens the input to 512 where it is added to the attention's output; null where it is 512 already. */
  readonly residual: Dense | null
  readonly expandNorm: Norm
  /** 512 → 1536, then only what is positive. */
  readonly expand: Dense
  /** 1536 → 512. */
  readonly contract: Dense
}

/** Universal Sentence Encoder lite: a transformer of two layers over 8,000 word pieces. */
export interface Weights {
  /** 256 numbers per piece. */
  readonly embeddings: Float32Array
  /** Place p of a text adds sin(p·f) for each of the 128 frequencies f, then cos(p·f). */
  readonly frequencies: Float32Array
  readonly layers: readonly Layer[]
  /** Applied to the mean over the text's tokens, before tanh. */
  readonly head: Dense
}

interface Manifest {
  readonly weightsManifest: readonly {
    readonly paths: readonly string[]
    readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[]
  }[]
}

/** The weights, in the memory of every thread; the last `room` bytes of it are free for their work. */
export interface SharedWeights {
  readonly memory: SharedMemory
  readonly weights: Weights
}

/** Reads the package's shards (28 MB, four bytes a number throughout). */
export async function loadWeights(room: number): Promise<SharedWeights> {
  const manifest = JSON.parse(await readFile(modelFile('model.json'), 'utf8')) as Manifest
  const [group] = manifest.weightsManifest
  if (group === undefined) throw new Error('The manifest of the bundled weights is empty.')
  const paths = group.paths.map(modelFile)
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
  const memory = allocateMemory(sizes.reduce((total, size) => total + size, room))
  const bytes = new Uint8Array(memory.buffer)
  let at = 0
  for (const path of paths) at += await readInto(path, bytes.subarray(at))
  const tensors = new Map<string, Float32Array>()
  let offset = 0
  for (const { name, shape } of group.weights) {
    const length = shape.reduce((product, size) => product * size, 1)
    tensors.set(name, new Float32Array(memory.buffer, offset, length))
    offset += length * 4
  }
  // What lies behind them is zeros, which would pass for weights.
  if (offset > at) throw new Error(`The bundled weights are cut short: ${at} bytes of ${offset}.`)
  return { memory, weights: arrange(tensors) }
}

/** Reads a whole file; gives its size. */
async function readInto(path: string, target: Uint8Array): Promise<number> {
  const file = await open(path)
  try {
    let at = 0
    for (;;) {
      const { bytesRead } = await file.read(target, at, target.length - at)
      if (bytesRead === 0) return at
      at += bytesRead
    }
  } finally {
    await file.close()
  }
}

/** Gives TensorFlow's names meaning. */
function arrange(tensors: ReadonlyMap<string, Float32Array>): Weights {
  const applied = 'module_apply_default/Encoder_en'
  const encode = `${applied}/KonaTransformer/Encode`
  const tensor = (name: string): Float32Array => {
    const found = tensors.get(name)
    if (found === undefined) throw new Error(`The bundled weights lack ${name}.`)
    return found
  }
  const dense = (kernel: string, bias: string): Dense => {
    const biases = tensor(bias)
    const kernels = tensor(kernel)
    const [inputs, outputs] = [kernels.length / biases.length, biases.length]
    // In place: the numbers needn't be in memory twice.
    pack(kernels.slice(), kernels, inputs, outputs)
    return { inputs, outputs, kernel: kernels, bias: biases }
  }
  const norm = (path: string): Norm => ({
    scale: tensor(`${path}/layer_norm_scale/ConcatPartitions/concat`),
    bias: tensor(`${path}/layer_norm_bias/ConcatPartitions/concat`),
  })
  const layer = (number: number): Layer => {
    const path = `${encode}/Layer_${number}/TransformerLayer`
    const kernels = `module/Encoder_en/KonaTransformer/Encode/Layer_${number}/TransformerLayer`
    const feedForward = `${encode}/TransformerStack/Layer_${number}/TransformerLayer/FFN`
    const concat = 'ConcatPartitions/concat'
    const projection = (part: string) =>
      dense(
        `${kernels}/MultiheadAttention/${part}/kernel/part_0`,
        `${path}/MultiheadAttention/${part}/bias/${concat}`,
      )
    const convolution = (part: string) =>
      dense(`${feedForward}/${part}/Tensordot/Reshape_1`, `${path}/FFN/${part}/bias/${concat}`)
    const attentionNorm = norm(`${path}/layer_prepostprocess/layer_norm`)
    return {
      width: attentionNorm.scale.length,
      attentionNorm,
      queryKeyValue: projection('qkv_transform_single'),
      attentionOutput: projection('output_transform_single'),
      residual:
        attentionNorm.scale.length === width
          ? null
          : dense(`${path}/dense/kernel/${concat}`, `${path}/dense/bias/${concat}`),
      expandNorm: norm(`${path}/FFN/layer_prepostprocess/layer_norm`),
      expand: convolution('conv1'),
      contract: convolution('conv2'),
    }
  }
  const head = 'module/Encoder_en/hidden_layers/tanh_layer_0'
  return {
    embeddings: tensor('module/Embeddings_en'),
    frequencies: tensor(`${encode}/TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1`),
    layers: [layer(0), layer(1)],
    head: dense(`${head}/weights`, `${head}/bias`),
  }
}
