/** A shorter list of steps that still goes wrong. */

/** Leaves out halves, quarters … single steps, as long as `fails` still holds of the rest; looks at most `budget` times. */
export async function shrink<T> (steps: readonly T[], fails: (steps: readonly T[]) => Promise<boolean>, budget = 400): Promise<readonly T[]> {
  let kept = steps
  let looks = 0
  for (let size = Math.ceil(kept.length / 2); size >= 1 && looks < budget;) {
    const before = kept.length
    for (let from = 0; from < kept.length && looks < budget; looks++) {
      const shorter = [...kept.slice(0, from), ...kept.slice(from + size)]
      if (await fails(shorter)) kept = shorter
      else from += size
    }
    if (size === 1 && kept.length === before) break
    size = Math.max(1, Math.floor(size / 2))
  }
  return kept
}
