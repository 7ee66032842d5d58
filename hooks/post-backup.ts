import { leave } from '../lib/system/leave.js'
import { runHook } from '../lib/run/hook.js'
import { post } from '../lib/run/post.js'

leave(await runHook('post', post))
