// The model page: the file as a picture, and where it would fit under other options.
import "./model.css";
import { useEffect, useState } from "preact/hooks";
import { askJson } from "../../data/api";
import { bytes, count, number } from "../../parts/format";
import { Fact, Known } from "../../parts/value";
import { PageHead } from "../../shell/page_head";
import { Layers } from "./layers";
import { Plans } from "./plans";
import type { Model } from "./types";

const NOT_TOLD = "the file does not say";

function Facts({ model }: { model: Model }) {
  const parameters = model.parameter_count === null ? null : `${number(model.parameter_count / 1e6)} million`;
  return (
    <section class="panel" aria-labelledby="model-title">
      <h2 id="model-title" class="model-title">
        {model.name} <span class="note">{model.file}</span>
      </h2>
      <dl class="facts">
        <Fact name="architecture">
          <Known text={model.architecture} why={NOT_TOLD} />
        </Fact>
        <Fact name="parameters">
          <Known text={parameters} why={NOT_TOLD} />
        </Fact>
        <Fact name="file">{bytes(model.file_bytes)}</Fact>
        <Fact name="bits a weight">
          <Known
            text={model.bits_per_weight === null ? null : number(model.bits_per_weight)}
            why={NOT_TOLD}
          />
        </Fact>
        <Fact name="layers">
          <Known text={model.block_count === null ? null : count(model.block_count)} why={NOT_TOLD} />
        </Fact>
        <Fact name="width">
          <Known
            text={model.embedding_length === null ? null : count(model.embedding_length)}
            why={NOT_TOLD}
          />
        </Fact>
        <Fact name="vocabulary">
          <Known text={model.vocab_size === null ? null : count(model.vocab_size)} why={NOT_TOLD} />
        </Fact>
        <Fact name="trained context">
          <Known
            text={model.context_length === null ? null : `${count(model.context_length)} tokens`}
            why={NOT_TOLD}
          />
        </Fact>
        <Fact name="KV cache a token">
          <Known
            text={model.kv_bytes_per_token === null ? null : bytes(model.kv_bytes_per_token)}
            why="it is not known how this architecture remembers"
          />
        </Fact>
      </dl>
      {model.findings.length > 0 && (
        <ul class="findings-list">
          {model.findings.map((finding) => (
            <li key={finding.where + finding.message}>
              <span class={`severity severity-${finding.severity}`}>{finding.severity}</span> {finding.where}:{" "}
              {finding.message}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export default function ModelPage() {
  const [model, setModel] = useState<Model | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    askJson<Model>("/api/v1/model").then(setModel, (error: Error) => setProblem(error.message));
  }, []);
  return (
    <>
      <PageHead title="Model" />
      {problem && (
        <div class="page-note">
          <p>{problem}.</p>
          <p>
            Its file is known where llamatelemetry starts llama-server itself:{" "}
            <code>llamatelemetry up --model FILE.gguf</code>. For any other file{" "}
            <code>llamatelemetry gguf FILE</code> and <code>llamatelemetry plan FILE</code> say the same in
            the terminal.
          </p>
        </div>
      )}
      {!model && !problem && <p class="page-note">Reading the model…</p>}
      {model && (
        <>
          <Facts model={model} />
          <Plans />
          <Layers model={model} />
        </>
      )}
    </>
  );
}
