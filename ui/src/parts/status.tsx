// The HTTP status of an answer, and the cause when it failed.
import { Unknown } from "./value";

interface Props {
  status: number | null;
  error: string | null;
  message?: string | null;
}

export function Status({ status, error, message }: Props) {
  if (status === null) return <Unknown why="no answer was sent" />;
  const cause = error === String(status) ? "" : (error ?? ""); // some causes are the status
  return (
    <span class={error === null ? "status" : "status bad"} title={message ?? undefined}>
      {status} {cause}
    </span>
  );
}
