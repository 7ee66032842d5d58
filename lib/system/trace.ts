/**
 * Says on stderr what is done, for DEBUG=lbackup-filevault:* and nothing else. The package is loaded only then: without
 * it, nothing of this costs anything. Never hand it what could be secret.
 */
export async function trace(area: string, text: string): Promise<void> {
  if (process.env['DEBUG'] === undefined) return
  const { default: debug } = await import('debug')
  debug(`lbackup-filevault:${area}`)('%s', text)
}
