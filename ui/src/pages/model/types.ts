// The model's and the plan's answers, as docs/api.md describes them.

export interface Tensor {
  name: string;
  layer: number | null;
  role: string;
  type: string;
  shape: number[];
  bytes: number | null;
  gpu: number | null; // null: RAM
}

export interface TypeTotals {
  type: string;
  tensor_count: number;
  parameter_count: number | null;
  bytes: number | null;
  bits_per_weight: number | null;
}

export interface Model {
  file: string;
  name: string;
  architecture: string | null;
  parameter_count: number | null;
  tensor_count: number;
  file_bytes: number;
  bits_per_weight: number | null;
  kv_bytes_per_token: number | null;
  context_length: number | null;
  block_count: number | null;
  embedding_length: number | null;
  vocab_size: number | null;
  tensor_types: TypeTotals[];
  tensors: Tensor[];
  placement: string | null;
  findings: { severity: string; where: string; message: string }[];
}

export interface CardPlan {
  index: number;
  name: string | null;
  role: string;
  total_bytes: number;
  weights_bytes: number;
  kv_bytes: number;
  compute_bytes: number;
  context_bytes: number;
  reserve_bytes: number;
  others_bytes: number;
  free_bytes: number;
  missing_bytes: number;
  layers: number;
  output: boolean;
}

export interface Placement {
  name: string;
  fits: boolean;
  verdict: string;
  reason: string;
  changes: string[];
  notes: string[];
  tensor_split: number[];
  context_tokens: number | null;
  parallel: number | null;
  flags: string[];
  env: Record<string, string>;
  gpus: CardPlan[];
  host: { weights_bytes: number; kv_bytes: number; compute_bytes: number; layers: number };
  analytics: { gpu: number; bytes: number; rows: number; edges: number } | null;
  bounds: { decode_tokens_per_second: number | null; prefill_tokens_per_second: number | null };
  layer_gpus: (number | null)[];
}

export interface Plan {
  gpus_from: string;
  ram_bytes: number | null;
  placements: Placement[];
  chosen: string | null;
  why: string;
  layers: number;
  trained_context: number | null;
  running: string | null;
  presets: string[];
  kv_types: string[];
}
