--[[
Purpose: records how far a named reader is done with the log.
Promise: a position only moves forward.
KEYS[1] hash of positions: name -> entry id
ARGV[1] name of the reader
ARGV[2] entry id, "<ms>-<n>"
Return: the position after the call.
]]
local function after(a, b)
  if #a ~= #b then
    return #a > #b
  end
  return a > b
end
local old = redis.call('HGET', KEYS[1], ARGV[1])
if old then
  local oldMs, oldN = string.match(old, '^(%d+)-(%d+)$')
  local newMs, newN = string.match(ARGV[2], '^(%d+)-(%d+)$')
  if not (after(newMs, oldMs) or (newMs == oldMs and after(newN, oldN))) then
    return old
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]
