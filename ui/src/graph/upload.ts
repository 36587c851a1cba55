// An edge list on its way to the console.
import { ask } from "../data/api";

/** The name under which the console keeps it. Throws with a sentence. */
export async function sendEdges(file: File): Promise<string> {
  const answer = await ask("/api/v1/graphs/edges", { method: "POST", body: file });
  const document = (await answer.json()) as { graph?: string; error?: { message: string; hint: string } };
  if (answer.ok && document.graph) return document.graph;
  const error = document.error;
  throw new Error(
    error ? `${file.name}: ${error.message}. ${error.hint}` : `the console answered ${answer.status}`,
  );
}
