/** Where in the configuration something is, and how that is written: `routes[2].freshness.default`. */

export type Path = readonly PropertyKey[]

export function formatPath (path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[\w$][\w$-]*$/.test(String(step))) text += text === '' ? String(step) : `.${String(step)}`
    else text += `[${JSON.stringify(String(step))}]`
  }
  return text
}

export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function valueAt (root: unknown, path: Path): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<PropertyKey, unknown>)[step]
  }
  return value
}

/** A copy of `root` with `value` at `path`; what is in the way and no object stays, for the schema to refuse. */
export function withValue (root: unknown, path: Path, value: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (root !== undefined && !isObject(root)) return root
  const copy: Record<PropertyKey, unknown> = Object.assign(Object.create(null), root)
  copy[step] = withValue(copy[step], rest, value)
  return copy
}
