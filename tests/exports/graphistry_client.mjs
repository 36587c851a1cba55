// Uploads two Arrow files with Graphistry's own JavaScript client: node graphistry_client.mjs CONFIG.json
// Prints one JSON document: the view's address.
import { readFileSync } from "node:fs";
import { Client, ClientPKey, Dataset, EdgeFile, NodeFile } from "@graphistry/js-upload-api";

console.debug = () => {};
const config = JSON.parse(readFileSync(process.argv[2], "utf8"));
const client = config.keyId
  ? new ClientPKey(config.keyId, config.keySecret, config.org, "http", config.host, undefined, fetch, "1.0.0")
  : new Client(config.user, config.password, config.org, "http", config.host, undefined, fetch, "1.0.0");
const edges = new EdgeFile(new Uint8Array(readFileSync(config.edges)), "arrow", "edges");
const nodes = new NodeFile(new Uint8Array(readFileSync(config.nodes)), "arrow", "nodes");
const dataset = new Dataset(
  {
    node_encodings: { bindings: { node: "id", node_label: "label" } },
    edge_encodings: { bindings: { source: "src", destination: "dst" } },
    metadata: {},
    name: "from JavaScript",
  },
  edges,
  nodes,
  { play: 0 },
);
await dataset.upload(client);
await dataset.privacy(client, "private");
console.log(JSON.stringify({ url: dataset.datasetURL }));
