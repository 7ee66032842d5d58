import { launcherCode } from '../lib/lbackup/exit-codes.js'
import { leave } from '../lib/system/leave.js'
import { runHook } from '../lib/run/hook.js'
import { pre } from '../lib/run/pre.js'

leave(launcherCode(await runHook('pre', pre)))
