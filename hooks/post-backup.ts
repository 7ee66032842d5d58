import { launcherCode } from '../lib/lbackup/exit-codes.js'
import { leave } from '../lib/system/leave.js'
import { runHook } from '../lib/run/hook.js'
import { post } from '../lib/run/post.js'

leave(launcherCode(await runHook('post', post)))
