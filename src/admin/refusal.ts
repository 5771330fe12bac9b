/** An admin request that is not carried out: its status, a code, and a sentence that names what to mend. */
export class AdminRefusal extends Error {
  readonly status: number
  readonly code: string
  /** Path of the offending field, as `urls[2]`, or name of the header. */
  readonly field: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor (status: number, code: string, message: string, more: { field?: string, headers?: Record<string, string> } = {}) {
    super(message)
    this.name = 'AdminRefusal'
    this.status = status
    this.code = code
    this.field = more.field
    this.headers = more.headers ?? {}
  }

  toJSON (): object {
    return { error: this.code, message: this.message, field: this.field }
  }
}

/** 400 for one field. */
export function badField (field: string, message: string): AdminRefusal {
  return new AdminRefusal(400, 'bad_field', `${field}: ${message}`, { field })
}
