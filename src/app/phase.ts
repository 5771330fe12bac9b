/** How far what serves has come: what /readyz answers. */
export type Phase = 'starting' | 'serving' | 'draining'

/** Only what accepts connections, and goes on accepting them, is ready. `details` stand beside it. */
export function readiness (phase: Phase, details: Record<string, unknown>, accepting = true): { ready: boolean, details: Record<string, unknown> } {
  return phase === 'serving' ? { ready: accepting, details } : { ready: false, details: { [phase]: true, ...details } }
}
