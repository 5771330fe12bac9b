/** How far what serves has come: what /readyz answers. */
export type Phase = 'starting' | 'serving' | 'draining'

/** Only what accepts connections, and goes on accepting them, is ready. `details` stand beside it. */
export function readiness (phase: Phase, details: Record<string, unknown>): { ready: boolean, details: Record<string, unknown> } {
  return phase === 'serving' ? { ready: true, details } : { ready: false, details: { [phase]: true, ...details } }
}
