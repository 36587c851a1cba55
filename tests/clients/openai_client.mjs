// The official OpenAI client for Node against a gateway: node openai_client.mjs BASE_URL
// Runs every case and prints one JSON object: case name -> "ok" or what went wrong.
import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "unused", maxRetries: 0, timeout: 20000 });
const model = "tiny";
const messages = [{ role: "user", content: "What is the time?" }];
const tools = [{
  type: "function",
  function: {
    name: "get_weather",
    parameters: { type: "object", properties: { unit: { type: "string", enum: ["c", "f"] } }, required: ["unit"] },
  },
}];

async function collect(stream) {
  const all = [];
  for await (const item of stream) all.push(item);
  return all;
}

const cases = {
  async models() {
    assert.equal((await client.models.list()).data.length, 1);
  },
  async chat() {
    const answer = await client.chat.completions.create({ model, messages, max_tokens: 9, temperature: 0 });
    assert.equal(answer.usage.completion_tokens, 9);
    assert.ok(answer.choices[0].message.content);
  },
  async chat_streamed() {
    const options = { model, messages, max_tokens: 9, temperature: 0, stream: true };
    const chunks = await collect(await client.chat.completions.create(options));
    assert.equal(chunks.filter((chunk) => chunk.choices[0].delta.content).length, 9);
    assert.equal(chunks.at(-1).choices[0].finish_reason, "length");
    assert.ok(!chunks.some((chunk) => chunk.usage || chunk.prompt_progress));
  },
  async chat_streamed_with_usage() {
    const options = { model, messages, max_tokens: 5, stream: true, stream_options: { include_usage: true } };
    const chunks = await collect(await client.chat.completions.create(options));
    assert.equal(chunks.at(-1).usage.completion_tokens, 5);
  },
  async completions() {
    const answer = await client.completions.create({ model, prompt: "The long", max_tokens: 6, temperature: 0 });
    assert.equal(answer.usage.completion_tokens, 6);
  },
  async completions_streamed() {
    const options = { model, prompt: "The long", max_tokens: 6, temperature: 0, stream: true };
    const chunks = await collect(await client.completions.create(options));
    assert.equal(chunks.filter((chunk) => chunk.choices[0].text).length, 6);
  },
  async tools() {
    const bias = { 261: 50, 2: 100 };
    const answer = await client.chat.completions.create({
      model, messages, tools, tool_choice: "required", max_tokens: 300, temperature: 0, logit_bias: bias,
    });
    const call = answer.choices[0].message.tool_calls[0].function;
    assert.equal(call.name, "get_weather");
    assert.ok(["c", "f"].includes(JSON.parse(call.arguments).unit));
  },
  async responses_streamed() {
    const options = { model, input: "Hello", max_output_tokens: 6, temperature: 0, stream: true };
    const kinds = (await collect(await client.responses.create(options))).map((event) => event.type);
    assert.deepEqual(kinds.slice(0, 2), ["response.created", "response.in_progress"]);
    assert.equal(kinds.at(-1), "response.completed");
  },
  async many_at_once() {
    const one = () => client.chat.completions.create({ model, messages, max_tokens: 5, temperature: 0 });
    const answers = await Promise.all(Array.from({ length: 12 }, one));
    assert.ok(answers.every((answer) => answer.usage.completion_tokens === 5));
  },
  async cancel() {
    const headers = { "X-Request-Id": "node-cancel" };
    const stream = await client.chat.completions.create({ model, messages, max_tokens: 4000, stream: true }, { headers });
    for await (const chunk of stream) if (chunk.choices[0].delta.content) break;
    stream.controller.abort();
  },
  async context_overflow() {
    const long = [{ role: "user", content: "word ".repeat(20000) }];
    await assert.rejects(client.chat.completions.create({ model, messages: long }), OpenAI.BadRequestError);
  },
  async unknown_route() {
    await assert.rejects(client.post("/no/such/route", { body: {} }), OpenAI.NotFoundError);
  },
  async embeddings_unsupported() {
    await assert.rejects(client.embeddings.create({ model, input: "x" }), (error) => error.status === 501);
  },
};

const results = {};
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    results[name] = "ok";
  } catch (error) {
    results[name] = String(error.stack ?? error);
  }
}
console.log(JSON.stringify(results));
