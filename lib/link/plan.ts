import { printable } from '../text/printable.js'
import type { ExcludesPlan } from './excludes-type.js'
import { transferRoot } from './pattern.js'
import { excludesRules, type RulesRequest } from './rules.js'

/** Given the source and the wishes, return the plan of the excludes block as plain data. Throws OperationalError. */
export function planExcludes(request: RulesRequest): ExcludesPlan {
  const rules = excludesRules(request)
  return {
    source: request.source,
    folder: transferRoot(request.source, request.realSource).folder,
    wishes: request.wishes,
    rules,
    printable: rules.map(printable),
  }
}
