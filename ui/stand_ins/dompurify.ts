// In place of dompurify, which cosmos.gl would clean its attribution with. We ask for none, so nothing is let through.
export default { sanitize: (): string => "" };
