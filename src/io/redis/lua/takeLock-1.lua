--[[
Purpose: takes a lock that ends by itself, as that of a slug's hand-over or the turn to tell a surface.
Promise: a lock of another owner is left as it is; a free one, or an own one, is the owner's for the whole time.
KEYS[1] the lock (string: its owner)
ARGV[1] owner
ARGV[2] time to live, ms
Return: {"taken" (it was free), "kept" (it was the owner's) or "other", owner, ms until it is gone}.
]]
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return { 'other', owner, tostring(redis.call('PTTL', KEYS[1])) }
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return { owner and 'kept' or 'taken', ARGV[1], ARGV[2] }
