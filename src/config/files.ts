/** Why a file cannot be read, in words. */

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file', ENOTDIR: 'there is no such file', EISDIR: 'is a directory, not a file', EACCES: 'may not be read (EACCES)'
}

export function unreadable (thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  return REASONS[code] ?? `cannot be read (${code || String(thrown)})`
}
