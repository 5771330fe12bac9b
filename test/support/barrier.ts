/** Something tests wait for instead of sleeping. */
export interface Barrier { readonly passed: Promise<void>, open (): void }

export function barrier (): Barrier {
  let open!: () => void
  const passed = new Promise<void>(resolve => { open = resolve })
  return { passed, open: () => { open() } }
}

/** Resolves once `condition` holds, looking again on every turn of the event loop; fails after `limit` ms with `what`. */
export async function until (what: string, condition: () => boolean | Promise<boolean>, limit = 10_000): Promise<void> {
  const end = performance.now() + limit
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`never came: ${what}`)
    await new Promise(resolve => { setImmediate(resolve) })
  }
}
